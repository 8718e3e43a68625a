// Exceptions out of what an actor does for a snapshot: each is an error like those it could have returned.
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

/// A run in which actors throw so often at one place, and die once in between when `crashes`.
struct ran {
  ran(const std::string& where, int times, bool crashes = false)
      : sim{sample::plan_of(sample::mesh(shape)), {.seed = 7, .batch_events = 16}} {
    sim.start();
    while (sim.snapshots() < 2 && sim.step()) {
    }
    if (crashes) sim.crash();
    files.throws[where] = times;
    if (crashes) sim.restart();
    ends = sim.run_until_over(steps_max);
  }
  [[nodiscard]] bool logged(const std::string& part) const {
    return std::ranges::any_of(sim.log(), [&](const auto& line) { return line.find(part) != line.npos; });
  }
  /// Finished with the output of an undisturbed run; else what is wrong.
  [[nodiscard]] std::string fault() const {
    if (!ends || sim.now_is() != simulation::phase::finished) return "not finished: " + sim.message();
    return sample::difference(sample::expected_output(shape), files.output());
  }

  sample::disk files;
  simulation sim;
  bool ends = false;
};

#define VERIFY_NO_FAULT(run) QVERIFY2((run).fault().empty(), (run).fault().c_str())

}  // namespace

class throwing_snapshot_test : public QObject {
  Q_OBJECT
private slots:
  void prepareFailsTheSnapshotAlone() {
    const ran r{"prepare", 2};
    VERIFY_NO_FAULT(r);
    QVERIFY(r.sim.snapshot_failures() >= 1);
    QCOMPARE(r.sim.restarts(), std::uint64_t{0});
    QVERIFY(r.logged("its output cannot be prepared: prepare threw"));
  }

  void saveStateFailsTheSnapshotAndNamesTheActor() {
    const ran r{"save_state", 2};
    VERIFY_NO_FAULT(r);
    QVERIFY(r.sim.snapshot_failures() >= 1);
    QCOMPARE(r.sim.restarts(), std::uint64_t{0});
    QVERIFY(r.logged("tally/") && r.logged(": its state cannot be saved: save_state threw"));
  }

  void savePositionFailsTheSnapshotAndNamesTheActor() {
    const ran r{"save_position", 2};
    VERIFY_NO_FAULT(r);
    QVERIFY(r.sim.snapshot_failures() >= 1);
    QVERIFY(r.logged("numbers/") && r.logged(": its state cannot be saved: save_position threw"));
  }

  void snapshotsThatKeepThrowingEndTheRun() {
    const ran r{"save_state", 1'000'000};
    QVERIFY(r.ends && r.sim.now_is() == simulation::phase::failed);
    QVERIFY2(r.sim.message().find("save_state threw") != std::string::npos, r.sim.message().c_str());
  }

  void commitRestartsFromTheSnapshot() {
    const ran r{"commit", 1};
    VERIFY_NO_FAULT(r);
    QVERIFY(r.sim.restarts() >= 1);
    QVERIFY(r.logged(" cannot be committed: commit threw"));
  }

  void recoverIsTriedAgain() {
    const ran r{"recover", 1, true};
    VERIFY_NO_FAULT(r);
    QVERIFY(r.logged("its output cannot be recovered: recover threw"));
  }

  void loadStateIsTriedAgain() {
    const ran r{"load_state", 1, true};
    VERIFY_NO_FAULT(r);
    QVERIFY(r.logged("its state cannot be loaded: load_state threw"));
  }
};

QTEST_APPLESS_MAIN(throwing_snapshot_test)
#include "throwing_snapshot_test.moc"
