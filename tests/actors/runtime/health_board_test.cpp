#include "runtime/health_board.hpp"

#include <QtTest>

using namespace millrace;
using runtime::health;
using runtime::health_board;

namespace {

struct hand_clock final : engine::clock {
  mutable std::int64_t ns = 1;
  [[nodiscard]] std::int64_t steady_ns() const override { return ns; }
  [[nodiscard]] processing_time now() const override { return {ns}; }
};

constexpr task_id it{1};

}  // namespace

class health_board_test : public QObject {
  Q_OBJECT
private slots:
  void keepsWhatWasBeforeWithItsReason() {
    hand_clock time;
    health_board b{2, time};
    b.set(it, health::running);
    time.ns = 5;
    b.set(it, health::backing_off, "it threw");
    time.ns = 7;
    b.set(it, health::running);
    std::vector<runtime::task_status> rows(2);
    b.read_into(rows);
    QVERIFY(rows[1].health.now == health::running);
    QCOMPARE(rows[1].health.at.ns, 7);
    QCOMPARE(rows[1].was.size(), std::size_t{3});
    QVERIFY(rows[1].was[0].now == health::starting);
    QVERIFY(rows[1].was[2].now == health::backing_off);
    QCOMPARE(rows[1].was[2].why, std::string{"it threw"});
    QCOMPARE(rows[1].was[2].at.ns, 5);
    QVERIFY(rows[0].was.empty() && rows[0].health.now == health::starting);
  }

  void theSameOnceMoreIsNoChange() {
    hand_clock time;
    health_board b{2, time};
    b.set(it, health::degraded, "it hangs");
    time.ns = 9;
    b.set(it, health::degraded, "it hangs");
    QCOMPARE(b.of(it).at.ns, 1);
  }

  void whoLooksLaterDoesNotOverruleWhatHappenedMeanwhile() {
    hand_clock time;
    health_board b{2, time};
    b.set(it, health::restoring);
    b.change(it, health::degraded, health::running);
    QVERIFY(b.of(it).now == health::restoring);
    b.change(it, health::restoring, health::running);
    QVERIFY(b.of(it).now == health::running);
  }

  void itsMemoryIsBounded() {
    hand_clock time;
    health_board b{2, time};
    for (int i = 0; i < 1000; ++i) b.set(it, health::degraded, std::to_string(i));
    std::vector<runtime::task_status> rows(2);
    b.read_into(rows);
    QCOMPARE(rows[1].was.size(), health_board::changes_max);
    QCOMPARE(rows[1].was.back().why, std::string{"998"});
  }
};

QTEST_APPLESS_MAIN(health_board_test)
#include "health_board_test.moc"
