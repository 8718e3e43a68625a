#include "runtime/recovery_board.hpp"

#include <QtTest>
#include <future>

using namespace millrace;
using namespace std::chrono_literals;
using runtime::recovery_board;
using runtime::recovery_report;
using step = recovery_board::step;

namespace {

constexpr std::int64_t ms = 1'000'000;

struct hand_clock final : engine::clock {
  mutable std::int64_t ns = 100 * ms;
  [[nodiscard]] std::int64_t steady_ns() const override { return ns; }
  [[nodiscard]] processing_time now() const override { return {1000 * ms + ns}; }
  void pass(std::int64_t n) { ns += n * ms; }
};

recovery_report of(std::string cause, std::string scope) {
  recovery_report out;
  out.cause = std::move(cause);
  out.scope = std::move(scope);
  return out;
}

/// A recovery of two tasks that has come to the point where they load.
struct recovery {
  hand_clock time;
  recovery_board board{time};
  std::uint64_t number = board.begin(of("count/1", "rest"), 98 * ms);

  recovery() {
    board.reach(number, step::noticed);
    for (const auto s : {step::ended, step::backed_off, step::opened, step::made}) {
      time.pass(10 * (static_cast<int>(s) + 1));
      board.reach(number, s);
    }
    board.wait_for(number, {7}, {4}, {{1}, {2}}, {"route/0.out -> count/1.in"});
  }
  [[nodiscard]] runtime::recovery_report report() const { return board.reports().front(); }
};

}  // namespace

class recovery_board_test : public QObject {
  Q_OBJECT
private slots:
  void eachStepEndsTheSpanBeforeIt() {
    const recovery r;
    const auto report = r.report();
    QVERIFY(report.noticed == 2ms);
    QVERIFY(report.ended == 20ms);
    QVERIFY(report.backed_off == 30ms);
    QVERIFY(report.opened == 40ms);
    QVERIFY(report.made == 50ms);
    QCOMPARE(report.failed_at.ns, 1098 * ms);
    QCOMPARE(report.from.value, std::uint64_t{4});
    QVERIFY(!report.is_over);
  }

  void itIsOverWhenAllHaveCaughtUpAndNothingWaits() {
    recovery r;
    r.time.pass(5);
    r.board.on_loaded({7}, {1}, 100);
    r.time.pass(5);
    r.board.on_loaded({7}, {2}, 11);
    QVERIFY(r.report().loaded == 10ms);
    QCOMPARE(r.report().state_bytes, std::uint64_t{111});
    r.time.pass(3);
    r.board.on_caught_up({7}, {1});
    r.board.on_caught_up({7}, {2});
    QVERIFY2(!r.report().is_over, "a channel still has something for them");
    r.time.pass(4);
    r.board.on_emptied({7}, "route/0.out -> count/1.in");
    QVERIFY(r.report().is_over);
    QVERIFY(r.report().caught_up == 7ms);
    QVERIFY(r.report().total() == 2ms + 20ms + 30ms + 40ms + 50ms + 10ms + 7ms);
  }

  void wordsOfAnotherIncarnationCountForNothing() {
    recovery r;
    r.board.on_loaded({6}, {1}, 100);
    r.board.on_loaded({7}, {1}, 1);
    r.board.on_loaded({7}, {1}, 1);
    QCOMPARE(r.report().state_bytes, std::uint64_t{1});
  }

  void aRegionIsThroughWhenItsSinksHaveDoneWhatTheyHadDone() {
    recovery r;
    r.board.wait_for_events({7}, 3, 1000);
    for (const std::uint32_t t : {1U, 2U}) {
      r.board.on_loaded({7}, {t}, 0);
      r.board.on_caught_up({7}, {t});
    }
    r.board.on_emptied({7}, "route/0.out -> count/1.in");
    QVERIFY(r.board.look_at_events([](std::uint32_t region) { return region == 3 ? 999U : 0U; }));
    QVERIFY(!r.report().is_over);
    QVERIFY(!r.board.look_at_events([](std::uint32_t) { return 1000U; }));
    QVERIFY(r.report().is_over);
  }

  /// The run's own lock is taken for the answer, and whoever holds that may want the reports.
  void othersAreServedWhileItAsksForEvents() {
    recovery r;
    r.board.wait_for_events({7}, 3, 1000);
    std::size_t seen = 0;
    QVERIFY(r.board.look_at_events([&](std::uint32_t) {
      seen = std::async(std::launch::async, [&] { return r.board.reports().size(); }).get();
      return 0U;
    }));
    QCOMPARE(seen, std::size_t{1});
  }

  void theOldestAreForgotten() {
    hand_clock time;
    recovery_board b{time};
    for (int i = 0; i < 200; ++i) (void)b.begin(of(std::to_string(i), "alone"), 1);
    QCOMPARE(b.reports().size(), recovery_board::reports_max);
    QCOMPARE(b.reports().back().cause, std::string{"199"});
  }
};

QTEST_APPLESS_MAIN(recovery_board_test)
#include "recovery_board_test.moc"
