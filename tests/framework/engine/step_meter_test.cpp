#include "millrace/engine/step_meter.hpp"

#include <QSemaphore>
#include <QtTest>

using namespace millrace::engine;
using next = step_meter::next;

namespace {

constexpr std::int64_t start = 1'000'000'000;

}  // namespace

class step_meter_test : public QObject {
  Q_OBJECT
private slots:
  void addsUpWhatTheTaskDoes() {
    task_stats s;
    step_meter m{s, true, start};
    m.begin(start + 10);
    m.end(start + 40, next::blocked, true);
    m.begin(start + 100);
    m.end(start + 105, next::ready, true);
    m.begin(start + 112);
    m.end(start + 120, next::waits, false);
    m.begin(start + 500);
    m.end(start + 501, next::waits, true);
    QCOMPARE(s.busy_ns.get(), std::uint64_t{30 + 5 + 8 + 1});
    QCOMPARE(s.blocked_ns.get(), std::uint64_t{60});
    QCOMPARE(s.ready_ns.get(), std::uint64_t{7});
    QCOMPARE(s.progressed_at.get(), start + 501);
  }

  void whatGoesOnIsLeftAsAStamp() {
    task_stats s;
    step_meter m{s, true, start};
    QCOMPARE(s.progressed_at.get(), start);
    m.begin(start + 10);
    QCOMPARE(s.stepping_since.get(), start + 10);
    m.end(start + 20, next::blocked, false);
    QCOMPARE(s.stepping_since.get(), std::int64_t{0});
    QCOMPARE(s.blocked_since.get(), start + 20);
    QCOMPARE(s.progressed_at.get(), start);  // that step got nothing done
    m.begin(start + 30);
    QCOMPARE(s.blocked_since.get(), std::int64_t{0});
    m.end(start + 40, next::ready, true);
    QCOMPARE(s.ready_since.get(), start + 40);
  }

  void tellsComputingFromWaitingInsideAStep() {
    constexpr auto second = std::uint64_t{1'000'000'000};
    constexpr std::int64_t sampled_from = start + 1'000'000'000;
    task_stats waits;
    step_meter of_waiting{waits, true, start};
    of_waiting.begin(sampled_from);
    // Nobody ever lets it through: the thread gives its processor away to wait.
    QSemaphore never{0};
    QVERIFY(!never.tryAcquire(1, 20));
    of_waiting.end(sampled_from + 1'000'000'000, next::waits, true);
    QCOMPARE(waits.sampled_busy_ns.get(), second);
    QVERIFY(waits.sampled_cpu_ns.get() < second / 2);
    // A thread that waits for nothing computes, however little of a processor it gets.
    task_stats computes;
    step_meter of_computing{computes, true, start};
    of_computing.begin(sampled_from);
    of_computing.end(sampled_from + 1'000'000'000, next::waits, true);
    QCOMPARE(computes.sampled_cpu_ns.get(), second);
  }

  void offItKeepsTheLeast() {
    task_stats s;
    step_meter m{s, false, start};
    m.begin(start + 10);
    QCOMPARE(s.stepping_since.get(), std::int64_t{0});
    m.end(start + 40, next::blocked, true);
    m.begin(start + 100);
    m.end(start + 101, next::ready, true);
    QCOMPARE(s.busy_ns.get(), std::uint64_t{31});
    QCOMPARE(s.blocked_ns.get(), std::uint64_t{60});
    QCOMPARE(s.ready_since.get(), std::int64_t{0});
    QCOMPARE(s.sampled_busy_ns.get(), std::uint64_t{0});
  }
};

QTEST_GUILESS_MAIN(step_meter_test)
#include "step_meter_test.moc"
