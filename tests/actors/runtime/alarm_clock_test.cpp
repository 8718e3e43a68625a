#include "runtime/alarm_clock.hpp"

#include <QtTest>
#include <chrono>
#include <semaphore>
#include <thread>

using namespace millrace;
using namespace std::chrono_literals;
using runtime::alarm_clock;

namespace {

class heard_bell final : public engine::doorbell {
public:
  void ring() noexcept override { rung_.release(); }
  [[nodiscard]] bool rings() { return rung_.try_acquire_for(20s); }
  [[nodiscard]] bool rang_again() { return rung_.try_acquire(); }

private:
  std::counting_semaphore<> rung_{0};
};

std::int64_t in(std::chrono::nanoseconds later) {
  return (std::chrono::steady_clock::now().time_since_epoch() + later).count();
}

}  // namespace

class alarm_clock_test : public QObject {
  Q_OBJECT
private slots:
  void ringsOnceAtItsTime() {
    alarm_clock clock;
    const auto bell = std::make_shared<heard_bell>();
    const auto at = in(5ms);
    clock.set(at, bell);
    QVERIFY(bell->rings());
    QVERIFY(in(0ns) >= at);
    QVERIFY(!bell->rang_again());
    QCOMPARE(clock.waiting(), std::size_t{0});
  }

  // A task that waits for a timer an hour ahead says so after every event it handles meanwhile.
  void aBellHasOneAlarmHoweverOftenItIsSet() {
    alarm_clock clock;
    const auto bell = std::make_shared<heard_bell>();
    for (int i = 0; i < 10'000; ++i) clock.set(in(1h), bell);
    QCOMPARE(clock.waiting(), std::size_t{1});
    const auto other = std::make_shared<heard_bell>();
    clock.set(in(1h), other);
    QCOMPARE(clock.waiting(), std::size_t{2});
  }

  void theAlarmSetLastCounts() {
    alarm_clock clock;
    const auto bell = std::make_shared<heard_bell>();
    clock.set(in(1h), bell);
    clock.set(in(0ns), bell);
    QVERIFY(bell->rings());
    clock.set(in(1ms), bell);
    clock.set(in(1h), bell);
    QCOMPARE(clock.waiting(), std::size_t{1});
  }

  void twoBellsRingAtTheSameTime() {
    alarm_clock clock;
    const auto a = std::make_shared<heard_bell>();
    const auto b = std::make_shared<heard_bell>();
    const auto at = in(5ms);
    clock.set(at, a);
    clock.set(at, b);
    QVERIFY(a->rings());
    QVERIFY(b->rings());
  }

  void passesOverABellThatIsGone() {
    alarm_clock clock;
    const auto bell = std::make_shared<heard_bell>();
    clock.set(in(0ns), std::make_shared<heard_bell>());
    clock.set(in(1ms), bell);
    QVERIFY(bell->rings());
    QCOMPARE(clock.waiting(), std::size_t{0});
  }

  void takesAlarmsFromManyThreads() {
    alarm_clock clock;
    std::vector<std::shared_ptr<heard_bell>> bells(4);
    std::vector<std::thread> setters;
    for (auto& bell : bells) {
      bell = std::make_shared<heard_bell>();
      setters.emplace_back([&clock, bell] {
        for (int i = 1000; i >= 0; --i) clock.set(in(i * 1us), bell);
      });
    }
    for (auto& t : setters) t.join();
    for (auto& bell : bells) QVERIFY(bell->rings());
  }
};

QTEST_GUILESS_MAIN(alarm_clock_test)
#include "alarm_clock_test.moc"
