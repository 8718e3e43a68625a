// Dead letters in the deterministic simulation: each once, whatever fails.
#include <QtTest>
#include <set>

#include "millrace/testing/explore.hpp"
#include "trial_actors.hpp"

using namespace millrace;
using testing::fault_kind;
using testing::topology_harness;

namespace {

topology_harness harness() {
  auto t = trial::fraud("trial.velocity");
  for (auto& a : t.actors) {
    if (a.name != "check") continue;
    a.params["fails_at"] = std::int64_t{17};
    a.on_failure.action = failure_action::resume;
  }
  topology_harness h{std::move(t)};
  auto all = trial::payments(240);
  // Every sixth one is given up.
  for (std::size_t i = 0; i < all.size(); i += 6) all[i].number = 17;
  h.feed("payments", all, {.disorder = std::chrono::milliseconds{4}});
  return h;
}

/// The events that were given up, told apart by their content.
std::multiset<std::string> contents_of(const testing::run_result& run) {
  std::multiset<std::string> out;
  for (const auto& l : run.dead_letters) out.insert(l.actor + ": " + l.reason + ": " + l.content);
  return out;
}

}  // namespace

class dead_letters_test : public QObject {
  Q_OBJECT
private slots:
  void tellsWhatWasGivenUp() {
    const auto run = harness().run();
    QVERIFY2(run.finished, run.message.c_str());
    QVERIFY(run.dead_letters.size() >= 40);
    for (const auto& l : run.dead_letters) {
      QCOMPARE(l.actor, std::string{"check"});
      QCOMPARE(l.input, std::string{"in"});
      QCOMPARE(l.reason, std::string{"payment 17"});
      QVERIFY2(l.content.find("17") != std::string::npos, l.content.c_str());
    }
  }

  void keepsEachOnceThroughFaults() {
    const auto h = harness();
    const auto undisturbed = h.run();
    const auto expected = contents_of(undisturbed);
    std::uint64_t crashes = 0;
    std::uint64_t restarts = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const auto run = h.run(testing::options_of_seed(h, seed, undisturbed.steps, {}));
      QVERIFY2(run.finished, run.message.c_str());
      QCOMPARE(contents_of(run), expected);
      crashes += run.crashes;
      restarts += run.restarts;
    }
    QVERIFY(crashes > 20 && restarts > 20);
  }

  void leavesThemToWhoeverTakesTheOutput() {
    auto h = harness();
    h.collect("check.dead");
    const auto run = h.run();
    QVERIFY(run.dead_letters.empty());
    QCOMPARE(run.at("check_dead").size(), harness().run().dead_letters.size());
  }
};

QTEST_APPLESS_MAIN(dead_letters_test)
#include "dead_letters_test.moc"
