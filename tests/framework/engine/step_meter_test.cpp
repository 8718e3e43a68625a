#include "millrace/engine/step_meter.hpp"

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

  void tellsWorkFromWaitingInsideAStep() {
    task_stats s;
    step_meter m{s, true, start};
    constexpr std::int64_t sampled_from = start + 1'000'000'000;
    m.begin(sampled_from);
    m.end(sampled_from + 1'000'000'000, next::waits, true);  // a second of which this thread had next to nothing
    QCOMPARE(s.sampled_busy_ns.get(), std::uint64_t{1'000'000'000});
    QVERIFY(s.sampled_cpu_ns.get() < std::uint64_t{500'000'000});
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
