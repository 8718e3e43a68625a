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

  void sendsAgainWhatIsLostAndPutsItInOrder() {
    const auto h = harness_of("trial.velocity");
    const auto expected = h.run();
    const auto& channel = h.plan().channels.front().name;
    const auto got = h.run({.faults = {{fault_kind::drop, 50, channel, 5},
                                       {fault_kind::reorder, 90, channel, 5},
                                       {fault_kind::duplicate, 120, channel, 5},
                                       {fault_kind::delay, 200, channel, 20'000'000}}});
    QCOMPARE(h.difference(expected, got), std::string{});
    QCOMPARE(got.restarts, std::uint64_t{0});
    QCOMPARE(got.hits[static_cast<std::size_t>(fault_kind::drop)], std::uint64_t{1});
  }

  void takesALinkDownThatIsCutForTooLong() {
    const auto h = harness_of("trial.velocity");
    const auto expected = h.run();
    const auto got = h.run({.faults = {{fault_kind::cut, 100, h.plan().channels.front().name, 200'000'000}}});
    QCOMPARE(h.difference(expected, got), std::string{});
    QVERIFY(got.restarts > 0);
    const auto says = [](const std::string& line) { return line.find("the link was down") != std::string::npos; };
    QVERIFY(std::ranges::any_of(got.log, says));
  }

  void comparesInTheOrderThatCounts() {
    topology t = trial::fraud("trial.velocity");
    for (auto& a : t.actors) a.parallelism = 1;
    topology_harness h{t};
    h.feed("payments", trial::payments(60), {.disorder = std::chrono::milliseconds{4}});
    auto a = h.run();
    auto b = a;
    QVERIFY(a.at("alerts").size() > 2);
    testing::collected reversed;
    const auto& entries = a.at("alerts").entries();
    for (auto e = entries.rbegin(); e != entries.rend(); ++e) reversed.add(*e);
    b.sinks["alerts"] = reversed;
    QCOMPARE(h.difference(a, b), std::string{});  // results of timers: after sorting
    h.compare("alerts", {.how = equality::in_order});
    QVERIFY(!h.difference(a, b).empty());
    h.compare("alerts", {.how = equality::in_order_per_key, .key = key_of<trial::alert>(&trial::alert::window)});
    QCOMPARE(h.difference(a, a), std::string{});
    reversed.add(entries.front());
    b.sinks["alerts"] = reversed;
    QVERIFY(h.difference(a, b).find("too many 1") != std::string::npos);
  }

  void saysWhatIsWrongWithATopology() {
    topology_harness h{trial::fraud("trial.nothing_of_this_name")};
    h.feed("payments", trial::payments(4));
    QVERIFY_EXCEPTION_THROWN((void)h.run(), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN(h.feed("nobody", trial::payments(4)), std::invalid_argument);
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
