#include "millrace/testing/explore.hpp"

#include "testing/minimise.hpp"
#include "trial_actors.hpp"

#include <QtTest>
#include <numeric>

using namespace millrace;
using testing::explore;
using testing::fault_kind;
using testing::topology_harness;

namespace {

topology_harness harness_of(const std::string& check, std::int64_t count = 240) {
  topology_harness h{trial::fraud(check)};
  h.feed("payments", trial::payments(count), {.disorder = std::chrono::milliseconds{4}});
  return h;
}

}  // namespace

class explore_test : public QObject {
  Q_OBJECT
private slots:
  void findsNothingInACorrectTopology() {
    const auto found = explore(harness_of("trial.velocity"), {.seeds = 1000});
    QVERIFY2(found.ok(), found.report.c_str());
    QCOMPARE(found.seeds, std::uint64_t{1000});
    for (const auto kind : testing::all_fault_kinds()) {
      // A fault that hit nothing proves nothing.
      QVERIFY2(found.hits_of(kind) > 20, to_string(kind));
    }
    QVERIFY2(found.restarts > 200, std::to_string(found.restarts).c_str());
  }

  void findsStateThatASnapshotMisses() {
    const auto h = harness_of("trial.forgetful");
    const auto found = explore(h, {.seeds = 200, .quiet = true});
    QVERIFY(!found.ok());
    // One fault that makes a task start again is all it takes, and what the report promises.
    QCOMPARE(found.faults.size(), std::size_t{1});
    QVERIFY2(found.report.find(to_string(found.faults.front())) != std::string::npos, found.report.c_str());
    QVERIFY2(found.report.find("MILLRACE_SEED=" + std::to_string(found.failing_seed)) != std::string::npos,
             found.report.c_str());
    const auto again = explore(h, {.seeds = 1, .first_seed = found.failing_seed, .quiet = true});
    QCOMPARE(again.report, found.report);
  }

  void findsUnalignedBarriers() {
    QVERIFY(
        !explore(harness_of("trial.velocity"), {.seeds = 300, .quiet = true, .protect = {.align_barriers = false}}));
  }

  void isTheSameRunForTheSameSeed() {
    const auto h = harness_of("trial.velocity");
    const auto steps = h.run().steps;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const auto o = testing::options_of_seed(h, seed, steps, {});
      const auto a = h.run(o);
      const auto b = h.run(o);
      QCOMPARE(a.trace, b.trace);
      QCOMPARE(a.steps, b.steps);
      QCOMPARE(a.hits, b.hits);
    }
    QVERIFY(h.run({.seed = 1}).trace != h.run({.seed = 2}).trace);
  }

  void leavesTheFewestFaultsThatMatter() {
    std::vector<int> all(20);
    std::iota(all.begin(), all.end(), 0);
    const auto left = testing::minimise(all, [](const std::vector<int>& some) {
      const auto has = [&](int i) { return std::ranges::find(some, i) != some.end(); };
      return has(3) && has(11) && has(12);
    });
    QCOMPARE(left, (std::vector<int>{3, 11, 12}));
    QVERIFY(testing::minimise(all, [](const auto&) { return true; }).empty());
  }
};

QTEST_APPLESS_MAIN(explore_test)
#include "explore_test.moc"
