#include "millrace/engine/restart_budget.hpp"

#include <QtTest>

using namespace millrace;
using namespace std::chrono_literals;
using engine::restart_budget;

namespace {

constexpr failure_policy policy{
    .action = failure_action::restart, .max_restarts = 3, .period = 1000ms, .backoff = 10ms, .backoff_max = 30ms};

std::int64_t at(std::chrono::nanoseconds t) {
  return t.count();
}

}  // namespace

class restart_budget_test : public QObject {
  Q_OBJECT
private slots:
  void doublesThePauseUpToItsMaximum() {
    restart_budget b;
    QCOMPARE(b.next(policy, at(0ms)).value(), std::chrono::nanoseconds{10ms});
    QCOMPARE(b.next(policy, at(1ms)).value(), std::chrono::nanoseconds{20ms});
    QCOMPARE(b.next(policy, at(2ms)).value(), std::chrono::nanoseconds{30ms});
  }

  void jitterMovesThePauseByItsShareAtMost() {
    auto jittery = policy;
    jittery.jitter_percent = 50;
    for (const auto& [draw, wanted] : {std::pair{0.0, 5ms}, {0.5, 10ms}, {0.75, std::chrono::milliseconds{12}}}) {
      restart_budget b;
      const auto pause = b.next(jittery, at(0ms), draw).value();
      QCOMPARE(std::chrono::floor<std::chrono::milliseconds>(pause), std::chrono::milliseconds{wanted});
    }
    auto still = policy;
    still.jitter_percent = 0;
    restart_budget b;
    QCOMPARE(b.next(still, at(0ms), 0.99).value(), std::chrono::nanoseconds{10ms});
  }

  void refusesBeyondTheLimit() {
    restart_budget b;
    for (int i = 0; i < 3; ++i) QVERIFY(b.next(policy, at(1ms)).has_value());
    QVERIFY(!b.next(policy, at(2ms)).has_value());
    QCOMPARE(b.recent(), std::size_t{3});
  }

  void forgetsWhatIsOlderThanThePeriod() {
    restart_budget b;
    for (int i = 0; i < 3; ++i) QVERIFY(b.next(policy, at(1ms)).has_value());
    QVERIFY(!b.next(policy, at(1001ms)).has_value());
    QCOMPARE(b.next(policy, at(1002ms)).value(), std::chrono::nanoseconds{10ms});
  }

  void allowsNoneWhenTheLimitIsZero() {
    restart_budget b;
    auto none = policy;
    none.max_restarts = 0;
    QVERIFY(!b.next(none, at(0ms)).has_value());
  }
};

QTEST_APPLESS_MAIN(restart_budget_test)
#include "restart_budget_test.moc"
