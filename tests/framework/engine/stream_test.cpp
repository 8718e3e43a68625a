// Streams through whole topologies: event time, backpressure, kinds of records.
#include "millrace/testing/simulation.hpp"
#include "sample_topology.hpp"

#include <QtTest>
#include <algorithm>
#include <functional>
#include <map>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;

/// The mesh with another actor between producers and router.
topology mesh_with(const sample::mesh_shape& shape, const std::string& type) {
  auto t = sample::mesh(shape);
  t.add("between", type, {}, shape.producers);
  t.streams.erase(t.streams.begin());
  return t.connect("numbers", "between").connect("between", "route");
}

void run_with_crashes(simulation& sim, std::uint64_t seed, int crashes) {
  random_source random{seed};
  sim.start();
  for (int i = 0; i < crashes; ++i) {
    for (auto steps = random.below(1500); steps-- != 0 && sim.step();) {
    }
    if (sim.now_is() != simulation::phase::running) return;
    sim.crash();
    sim.restart();
  }
  (void)sim.run_until_over(steps_max);
}

}  // namespace

class stream_test : public QObject {
  Q_OBJECT
private slots:
  void watermarksNeverGoBackAndEndOnce() {
    const sample::mesh_shape shape;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      const sample::disk files;
      simulation sim{sample::plan_of(mesh_with(shape, "sim.watcher")), {.seed = seed, .batch_events = 16}};
      run_with_crashes(sim, seed, 2);
      QVERIFY2(sim.now_is() == simulation::phase::finished, sim.message().c_str());
      QCOMPARE(files.watermarks.size(), std::size_t{2});
      for (const auto& [task, lives] : files.watermarks) {
        for (const auto& marks : lives) {
          QVERIFY2(std::ranges::adjacent_find(marks, std::greater_equal<>{}) == marks.end(), "not strictly growing");
        }
        const auto ends = std::ranges::count(lives.back(), event_time::max());
        QVERIFY(ends == 1 || lives.back().empty());
      }
    }
  }

  void windowsCloseInOrderOfTime() {
    const sample::disk files;
    simulation sim{sample::plan_of(sample::mesh({})), {.seed = 4, .batch_events = 16}};
    run_with_crashes(sim, 4, 3);
    std::map<std::string, std::int64_t> last;
    for (const auto& o : files.output()) {
      if (o.what != "window") continue;
      const auto [at, is_first] = last.try_emplace(o.key, o.number);
      QVERIFY(is_first || o.number > at->second);
      at->second = o.number;
    }
    QVERIFY(last.size() > 10);
  }

  void dynamicRecordsPassBetweenTypedOnes_data() {
    QTest::addColumn<bool>("encoded");
    QTest::newRow("shared") << false;
    QTest::newRow("encoded") << true;
  }
  void dynamicRecordsPassBetweenTypedOnes() {
    QFETCH(bool, encoded);
    const sample::mesh_shape shape;
    const auto plan = sample::plan_of(mesh_with(shape, "sim.any_pass"));
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const sample::disk files;
      simulation sim{plan,
                     {.seed = seed,
                      .batches = encoded ? testing::payload::encoded : testing::payload::shared,
                      .batch_events = 16}};
      run_with_crashes(sim, seed, 2);
      QVERIFY2(sim.now_is() == simulation::phase::finished, sim.message().c_str());
      const auto wrong = sample::difference(sample::expected_output(shape), files.output());
      QVERIFY2(wrong.empty(), wrong.c_str());
    }
  }

  void aStalledActorStopsWhatFeedsItWithinItsCredit() {
    constexpr std::uint32_t window = 8;
    constexpr std::uint32_t batch_events = 16;
    // What one poll or one frame may set free beyond the window before the task looks at its credit again.
    constexpr std::uint32_t overshoot = 256 / batch_events;
    const sample::disk files;
    topology t;
    t.name = "stalled";
    t.settings.snapshot_interval = 0ms;
    t.add("numbers", "sim.numbers", {{"count", std::int64_t{50'000}}});
    t.add("route", "sim.by_key");
    t.add("flaky", "sim.flaky", {{"every", std::int64_t{1000}}}).on_failure = {
        .action = failure_action::retry, .max_attempts = 1, .after_retries = failure_action::stop, .backoff = 10'000ms};
    t.add("store", "sim.sink");
    t.connect("numbers", "route").connect("route", "flaky").connect("flaky", "store");
    simulation sim{sample::plan_of(t),
                   {.seed = 9, .batch_events = batch_events, .credit = engine::credit_window{window, 1 << 20}}};
    sim.start();
    while (sim.step()) {
      for (const auto* actor : {"numbers", "route", "flaky"}) {
        for (const auto& s : sim.stats_of(actor)) QVERIFY(s->credit_used.get() <= window + overshoot);
      }
    }
    const auto& producer = *sim.stats_of("numbers").front();
    QVERIFY2(producer.events_out.get() < 1000 + 4 * (window + overshoot) * batch_events,
             std::to_string(producer.events_out.get()).c_str());
  }
};

QTEST_APPLESS_MAIN(stream_test)
#include "stream_test.moc"
