// The streaming oracle: whatever crashes and failures a seed brings, the committed output is what the input says.
// Project headers before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/engine/fault_point.hpp"
#include "millrace/testing/simulation.hpp"
#include "sample_topology.hpp"

#include <QtTest>
#include <string>

using namespace millrace;
using testing::payload;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;
constexpr std::uint64_t seeds = 300;

/// What a seed brings over a run, beside the order of everything.
struct weather {
  engine::protections protect{};
  payload batches = payload::shared;
  int crashes = 4;
  bool failing_writes = true;
  bool sinks_withdraw = true;
};

thread_local random_source* write_faults = nullptr;

engine::fault_action fail_some_writes(const char* point) {
  const bool is_write = std::string_view{point}.starts_with("snapshot.");
  // A snapshot asks some forty times, so about one in seven fails.
  if (!is_write || write_faults == nullptr || write_faults->below(250) != 0) return engine::fault_action::proceed;
  return engine::fault_action::fail;
}

struct verdict {
  std::string wrong;  ///< empty: the output is right
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t aborts = 0;
};

sample::mesh_shape shape_of(std::uint64_t seed) {
  sample::mesh_shape shape;
  shape.producers = 2 + static_cast<std::uint32_t>(seed % 2);
  shape.count = 300;
  return shape;
}

/// Steps until the next crash is due; false when the run ended before.
bool run_a_while(simulation& sim, std::size_t steps, verdict& out) {
  while (steps-- != 0 && sim.step()) {
  }
  out.restarts = std::max(out.restarts, sim.restarts());
  out.aborts += sim.snapshot_failures();
  return sim.now_is() == simulation::phase::running;
}

/// A last commit that fails ends the run as failed; starting again finishes it.
bool is_finished(simulation& sim) {
  for (int i = 0; i < 3 && sim.now_is() == simulation::phase::failed; ++i) {
    sim.crash();
    sim.restart();
    (void)sim.run_until_over(steps_max);
  }
  return sim.now_is() == simulation::phase::finished;
}

verdict run_through(std::uint64_t seed, const weather& w) {
  random_source random{seed};
  sample::disk files;
  files.random = random_source{random()};
  files.prepare_fails_one_in = w.failing_writes ? 40 : 0;
  files.commit_fails_one_in = w.failing_writes ? 60 : 0;
  random_source faults{random()};
  write_faults = w.failing_writes ? &faults : nullptr;
  const auto shape = shape_of(seed);
  auto t = sample::mesh(shape);
  for (auto& a : t.actors) a.on_failure.max_restarts = 1000;
  t.actors.back().params["withdraws"] = w.sinks_withdraw;
  simulation sim{sample::plan_of(t),
                 {.seed = random(),
                  .batches = w.batches,
                  .batch_events = 1 + static_cast<std::uint32_t>(random.below(24)),
                  .credit = engine::credit_window{4, std::uint64_t{1} << 20},
                  .protect = w.protect}};
  verdict out;
  sim.start();
  for (; out.crashes < static_cast<std::uint64_t>(w.crashes); ++out.crashes) {
    if (!run_a_while(sim, random.below(1500), out)) break;
    sim.crash();
    sim.restart();
  }
  if (sim.now_is() == simulation::phase::running && run_a_while(sim, steps_max, out)) {
    out.wrong = "does not end";
  } else if (!is_finished(sim)) {
    out.wrong = "failed: " + sim.message();
  } else {
    out.wrong = sample::difference(sample::expected_output(shape), files.output());
    if (out.wrong.empty()) out.wrong = sample::disorder_in(files.output());
  }
  if (!out.wrong.empty()) out.wrong = "seed " + std::to_string(seed) + ": " + out.wrong;
  return out;
}

}  // namespace

class crash_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() {
    first_seed_ = testing::seed_from_environment(1);
    engine::install_fault_hook(fail_some_writes);
  }
  void cleanupTestCase() { engine::install_fault_hook(nullptr); }

  void outputIsRightWhateverCrashes_data() {
    QTest::addColumn<bool>("encoded");
    QTest::newRow("shared") << false;
    QTest::newRow("encoded") << true;
  }
  void outputIsRightWhateverCrashes() {
    QFETCH(bool, encoded);
    verdict sum;
    for (std::uint64_t i = 0; i < seeds; ++i) {
      const auto v = run_through(first_seed_ + i, {.batches = encoded ? payload::encoded : payload::shared});
      QVERIFY2(v.wrong.empty(), v.wrong.c_str());
      sum.crashes += v.crashes;
      sum.restarts += v.restarts;
      sum.aborts += v.aborts;
    }
    // A fault that hit nothing proves nothing.
    QVERIFY2(sum.crashes > 2 * seeds, std::to_string(sum.crashes).c_str());
    QVERIFY2(sum.restarts > 20, std::to_string(sum.restarts).c_str());
    QVERIFY2(sum.aborts > 100, std::to_string(sum.aborts).c_str());
  }

  void unalignedBarriersAreNoticed() {
    QVERIFY(is_noticed({.protect = {.align_barriers = false}, .failing_writes = false}));
  }

  void commitsBeforeTheManifestAreNoticed() {
    QVERIFY(
        is_noticed({.protect = {.commit_after_manifest = false}, .failing_writes = false, .sinks_withdraw = false}));
  }

private:
  bool is_noticed(const weather& w) const {
    for (std::uint64_t i = 0; i < 100; ++i) {
      if (!run_through(first_seed_ + i, w).wrong.empty()) return true;
    }
    return false;
  }

  std::uint64_t first_seed_ = 1;
};

QTEST_APPLESS_MAIN(crash_test)
#include "crash_test.moc"
