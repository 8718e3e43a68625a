// What a start makes of the snapshots it finds.
#include "millrace/testing/simulation.hpp"
#include "sample_topology.hpp"

#include <QtTest>
#include <algorithm>
#include <string>

using namespace millrace;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;
const sample::mesh_shape shape{.count = 1500};

std::shared_ptr<const engine::plan> mesh_plan(bool withdraws = true) {
  auto t = sample::mesh(shape);
  t.actors.back().params["withdraws"] = withdraws;
  return sample::plan_of(t);
}

testing::simulation_options options(std::uint64_t seed, bool accept_duplicates = false) {
  return {.seed = seed, .batch_events = 16, .accept_duplicates = accept_duplicates};
}

/// Runs until `snapshots` are complete, then lets the process die.
void run_and_crash(simulation& sim, std::uint64_t snapshots) {
  sim.start();
  while (sim.snapshots() < snapshots && sim.step()) {
  }
  sim.crash();
}

bool says(const simulation& sim, const std::string& part) {
  return sim.message().find(part) != std::string::npos;
}

}  // namespace

class recovery_test : public QObject {
  Q_OBJECT
private slots:
  void goesBackToTheSnapshotBeforeADamagedOne() {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const sample::disk files;
      simulation sim{mesh_plan(), options(seed)};
      run_and_crash(sim, 4);
      const auto newest = sim.store().list().front().epoch;
      sim.store().damage_newest();
      sim.restart();
      QVERIFY(sim.run_until_over(steps_max));
      QVERIFY2(sim.now_is() == simulation::phase::finished, sim.message().c_str());
      QVERIFY(sim.restored_epoch() < newest);
      QVERIFY(std::ranges::any_of(sim.log(), [](const auto& line) { return line.find("is damaged") != line.npos; }));
      const auto wrong = sample::difference(sample::expected_output(shape), files.output());
      QVERIFY2(wrong.empty(), wrong.c_str());
    }
  }

  void sinksWithdrawWhatTheyCommittedAfterwards() {
    const sample::disk files;
    simulation sim{mesh_plan(), options(5)};
    sim.start();
    while (sim.snapshots() < 3) QVERIFY(sim.step());
    const auto before = files.commits;
    while (files.commits == before) QVERIFY(sim.step());
    sim.crash();
    sim.store().damage_newest();
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(files.withdrawn > 0);
    QVERIFY(sample::difference(sample::expected_output(shape), files.output()).empty());
  }

  void refusesWhenASinkCannotWithdraw() {
    const sample::disk files;
    simulation sim{mesh_plan(false), options(5)};
    run_and_crash(sim, 4);
    sim.store().damage_newest();
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(says(sim, "sink store/0 has committed epoch") && says(sim, "--accept-duplicates"), sim.message().c_str());
  }

  void goesOnWhenDuplicatesAreAccepted() {
    const sample::disk files;
    simulation sim{mesh_plan(false), options(5, true)};
    run_and_crash(sim, 4);
    sim.store().damage_newest();
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY2(sim.now_is() == simulation::phase::finished, sim.message().c_str());
    QVERIFY(sample::difference(sample::expected_output(shape), files.output()).find("missing") == std::string::npos);
  }

  void saysSoWhenNoIntactSnapshotIsLeft() {
    const sample::disk files;
    simulation sim{mesh_plan(), options(5)};
    run_and_crash(sim, 4);
    sim.store().damage_newest();
    sim.store().damage_newest();
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(says(sim, "no intact snapshot is left"), sim.message().c_str());
  }

  void refusesAnotherParallelism() {
    const sample::disk files;
    simulation sim{mesh_plan(), options(5)};
    run_and_crash(sim, 2);
    auto wider = sample::mesh(shape);
    wider.actors[2].parallelism = wider.actors[3].parallelism = 3;
    sim.replace_plan(sample::plan_of(wider));
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(says(sim, "was snapshotted with parallelism 4 and is now 3"), sim.message().c_str());
  }

  void refusesAStateOfAnotherType() {
    const sample::disk files;
    simulation sim{mesh_plan(), options(5)};
    run_and_crash(sim, 2);
    auto other = sample::mesh(shape);
    other.actors[2].type = "sim.other_tally";
    sim.replace_plan(sample::plan_of(other));
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(says(sim, "the snapshot has state 'count' of type") && says(sim, "the actor declares it as string"),
             sim.message().c_str());
  }

  void doesNothingMoreAfterTheEnd() {
    const sample::disk files;
    simulation sim{mesh_plan(), options(5)};
    sim.start();
    QVERIFY(sim.run_until_over(steps_max) && sim.now_is() == simulation::phase::finished);
    const auto output = files.output();
    const auto commits = files.commits;
    for (int i = 0; i < 2; ++i) {
      sim.crash();
      sim.restart();
      QVERIFY(sim.run_until_over(steps_max) && sim.now_is() == simulation::phase::finished);
      QVERIFY(files.output() == output);
      QCOMPARE(files.commits, commits);
    }
  }

  void goesOnAfterAStop() {
    const sample::disk files;
    simulation sim{mesh_plan(), options(5)};
    sim.start();
    while (sim.snapshots() < 1) QVERIFY(sim.step());
    sim.stop();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(sim.now_is() == simulation::phase::stopped);
    const auto so_far = files.output();
    QVERIFY(!so_far.empty() && so_far.size() < sample::expected_output(shape).size());
    QVERIFY2(std::ranges::none_of(so_far, [](const auto& o) { return o.what == "summary"; }),
             "a stop is no end of input");
    sim.crash();
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    const auto wrong = sample::difference(sample::expected_output(shape), files.output());
    QVERIFY2(wrong.empty(), wrong.c_str());
  }
};

QTEST_APPLESS_MAIN(recovery_test)
#include "recovery_test.moc"
