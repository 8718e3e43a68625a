// Patterns in a running topology: disorder, several sources, uneven keys, crashes at any step; the output is what the
// brute force finds in each key's events in their order of time.
#include "engine/sample_topology.hpp"
#include "millrace/testing/simulation.hpp"
#include "spotter.hpp"

#include <QtTest>
#include <string>

using namespace millrace;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;
constexpr std::uint64_t seeds = 700;

std::shared_ptr<const engine::plan> spotting_plan(const spotting::shape& s) {
  topology t;
  t.name = "spotting";
  t.settings.snapshot_interval = std::chrono::milliseconds{10};
  t.add("numbers", "sim.numbers",
        {{"count", s.count},
         {"keys", s.keys},
         {"skew", static_cast<std::int64_t>(s.skew)},
         {"silent", static_cast<std::int64_t>(s.silent)}},
        s.producers);
  t.add("route", "sim.by_key", {}, s.producers);
  t.add("spotter", "sim.spotter", {}, s.partitions);
  t.add("store", "sim.sink", {}, s.partitions);
  t.connect("numbers", "route").connect("route", "spotter").connect("spotter", "store");
  return sample::plan_of(t);
}

struct verdict {
  std::string wrong;
  int crashes = 0;
  std::uint64_t restored = 0;
};

verdict run_through(std::uint64_t seed, const spotting::shape& s, int crashes) {
  random_source random{seed};
  sample::disk files;
  simulation sim{spotting_plan(s),
                 {.seed = random(),
                  .batches = random.below(2) == 0 ? testing::payload::shared : testing::payload::encoded,
                  .batch_events = 1 + static_cast<std::uint32_t>(random.below(24))}};
  verdict v;
  sim.start();
  for (; v.crashes < crashes; ++v.crashes) {
    for (auto steps = random.below(500); steps != 0 && sim.step(); --steps) {
      if (steps % 64 == 0) sim.snapshot_now();
    }
    if (sim.now_is() != simulation::phase::running) break;
    sim.crash();
    sim.restart();
  }
  const bool is_over = sim.run_until_over(steps_max);
  v.restored = sim.restored_epoch().value;
  if (!is_over || sim.now_is() != simulation::phase::finished) {
    v.wrong = "does not finish: " + sim.message();
  } else {
    v.wrong = sample::difference(spotting::expected_output(s), files.output());
  }
  if (!v.wrong.empty()) v.wrong = "seed " + std::to_string(seed) + ": " + v.wrong;
  return v;
}

}  // namespace

class pattern_matcher_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { first_seed_ = testing::seed_from_environment(1); }

  void theInputHasMatchesAndTimeouts() {
    const auto all = spotting::expected_output({});
    const auto matches = std::ranges::count(all, "match", &sample::outcome::what);
    QVERIFY(matches > 30 && std::ssize(all) - matches > 10);
  }
  void outputIsRightWhateverCrashes() {
    int crashes = 0;
    int restored = 0;
    for (std::uint64_t i = 0; i < seeds; ++i) {
      spotting::shape s;
      s.producers = 1 + static_cast<std::uint32_t>(i % 3);
      s.partitions = 1 + static_cast<std::uint32_t>(i % 4);
      s.silent = i % 5 == 0 ? s.producers - 1 : 0;
      s.skew = static_cast<support::key_skew>(i / 4 % 4);
      // The brute force tries all of a key's events, so a hot key cannot have many.
      if (s.skew == support::key_skew::mild) s.count = 100 / (s.producers - s.silent);
      if (s.skew == support::key_skew::zipf) s.count = 40 / (s.producers - s.silent);
      if (s.skew == support::key_skew::one_key) s.count = 15 / (s.producers - s.silent);
      const auto v = run_through(first_seed_ + i, s, 3);
      QVERIFY2(v.wrong.empty(), v.wrong.c_str());
      crashes += v.crashes;
      restored += v.restored == 0 ? 0 : 1;
    }
    QVERIFY2(crashes > 500 && restored > 80, (std::to_string(crashes) + "/" + std::to_string(restored)).c_str());
  }
  void aHotKeyIsHandledInSlices() {
    // All of a key's events are let go by the end of the input at once.
    const spotting::shape s{.producers = 1, .partitions = 2, .count = 14, .keys = 1};
    const auto v = run_through(first_seed_, s, 1);
    QVERIFY2(v.wrong.empty(), v.wrong.c_str());
  }
  void aLostTimeoutIsNoticed() {
    const auto all = spotting::expected_output({});
    QVERIFY(!sample::difference(spotting::expected_output({}, true), all).empty());
  }

private:
  std::uint64_t first_seed_ = 1;
};

QTEST_APPLESS_MAIN(pattern_matcher_test)
#include "pattern_matcher_test.moc"
