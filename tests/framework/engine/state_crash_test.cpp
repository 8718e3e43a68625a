// Declared state in the simulation: whatever crashes, what comes out is what an oracle that knows no tasks says.
#include "millrace/testing/simulation.hpp"
#include "sample_topology.hpp"
#include "state_actors.hpp"

#include <QtTest>
#include <set>

#include "millrace/validation.hpp"

using namespace millrace;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;
constexpr std::uint64_t seeds = 100;
constexpr std::uint32_t sources = 2;
constexpr std::int64_t count = 600;
constexpr std::int64_t keys = 20;

topology with(const std::string& type) {
  topology t;
  t.name = "state";
  t.settings.snapshot_interval = std::chrono::milliseconds{10};
  t.add("numbers", "sim.numbers", {{"count", count}, {"keys", keys}}, sources);
  t.add("route", "sim.by_key", {}, sources);
  t.add("work", type, {}, 2);
  t.add("store", "sim.sink", {}, 2);
  for (auto& a : t.actors) a.on_failure.max_restarts = 1000;
  return t.connect("numbers", "route").connect("route", "work").connect("work", "store");
}

topology with_rules() {
  auto t = with("state.folding");
  t.add("rules", "state.rules");
  t.add("to_all", "state.to_all");
  return t.connect("rules", "to_all").connect("to_all", "work.rules");
}

/// Runs to the end with some crashes on the way; gives what is wrong.
std::string run_with_crashes(simulation& sim, random_source& random) {
  sim.start();
  for (int crashes = 0; crashes < 3; ++crashes) {
    for (auto steps = random.below(1500); steps-- != 0 && sim.step();) {
    }
    if (sim.now_is() != simulation::phase::running) break;
    sim.crash();
    sim.restart();
  }
  if (!sim.run_until_over(steps_max)) return "does not end";
  return sim.now_is() == simulation::phase::finished ? std::string{} : "failed: " + sim.message();
}

std::vector<sample::outcome> expected_of_folding(const std::vector<sample::outcome>& got) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> by_key;
  for (std::int64_t s = 0; s < sources; ++s) {
    for (std::int64_t n = 0; n < count; ++n) {
      const auto r = sample::reading_of(s, n, keys);
      auto& [largest, all] = by_key[r.key];
      largest = std::max(largest, r.amount);
      ++all;
    }
  }
  std::vector<sample::outcome> out;
  for (const auto& [key, of] : by_key) out.push_back({"key", key, -1, of.first, -1, of.second, 0});
  std::map<std::int64_t, std::int64_t> limits;
  for (std::int64_t n = 0; n < 200; ++n) {
    limits[n % 10] = n * 3;
    if (n % 7 == 0) limits.erase(n % 10);
  }
  std::int64_t sum = 0;
  for (const auto& [number, limit] : limits) sum += number * 1000 + limit;
  for (std::int64_t p = 0; p < 2; ++p) {
    out.push_back({"rules", {}, p, 199, static_cast<std::int64_t>(limits.size()), 0, sum});
  }
  // How many readings each partition gets is the routing's business; together they get all.
  std::int64_t seen = 0;
  std::int64_t hundreds = 0;
  for (const auto& o : got) {
    if (o.what != "seen") continue;
    seen += o.nth;
    hundreds += o.sum;
    out.push_back(o);
  }
  if (seen != sources * count || hundreds != sources * 6) out.push_back({"seen", "all of them"});
  return out;
}

/// Steps until a snapshot is there, crashes, and goes on as another version of the actor.
std::string upgraded(const std::string& first, const std::string& second, std::vector<sample::outcome>& out,
                     std::string& message, std::uint64_t seed = 3) {
  sample::disk files;
  simulation sim{sample::plan_of(with(first)), {.seed = seed, .batch_events = 8}};
  sim.start();
  while (sim.snapshots() < 2 && sim.step()) {
  }
  if (sim.now_is() != simulation::phase::running) return "ended before it had two snapshots";
  sim.crash();
  sim.replace_plan(sample::plan_of(with(second)));
  sim.restart();
  (void)sim.run_until_over(steps_max);
  message = sim.message();
  out = files.output();
  return sim.now_is() == simulation::phase::finished ? std::string{} : "failed: " + sim.message();
}

std::map<std::string, std::int64_t> readings_by_key() {
  std::map<std::string, std::int64_t> out;
  for (std::int64_t s = 0; s < sources; ++s) {
    for (std::int64_t n = 0; n < count; ++n) ++out[sample::reading_of(s, n, keys).key];
  }
  return out;
}

bool has_problem(const topology& t, const std::string& text) {
  for (const auto& p : validate(t).problems) {
    if (to_string(p).find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

class state_crash_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { first_seed_ = testing::seed_from_environment(1); }

  void expiresAsTheOracleSaysWhateverCrashes() {
    const auto expected = sample::sorted(sample::expected_of_expiring(sources, count, keys));
    std::set<std::int64_t> runs;
    for (const auto& o : expected) runs.insert(o.previous);
    QVERIFY2(runs.size() > 3, "the input does not try both sides of the time to live");
    for (std::uint64_t i = 0; i < seeds; ++i) {
      random_source random{first_seed_ + i};
      sample::disk files;
      simulation sim{sample::plan_of(with("state.expiring")),
                     {.seed = random(), .batch_events = 1 + static_cast<std::uint32_t>(random.below(24))}};
      auto wrong = run_with_crashes(sim, random);
      if (wrong.empty()) wrong = sample::difference(expected, files.output());
      QVERIFY2(wrong.empty(), ("seed " + std::to_string(first_seed_ + i) + ": " + wrong).c_str());
    }
  }

  void stateOnDiskGivesTheSameWhateverCrashes() {
    sample::mesh_shape shape;
    shape.count = 1'200;
    shape.keys = 5'000;
    shape.partitions = 2;
    shape.snapshot_interval = std::chrono::milliseconds{10};
    auto t = sample::mesh(shape);
    for (auto& a : t.actors) {
      a.on_failure.max_restarts = 1000;
      if (a.name == "tally") a.state = {state_place::disk, std::uint64_t{64} << 10};
    }
    const auto expected = sample::expected_output(shape);
    std::uint64_t faults = 0;
    for (std::uint64_t i = 0; i < seeds / 10; ++i) {
      random_source random{first_seed_ + i};
      sample::disk files;
      simulation sim{sample::plan_of(t),
                     {.seed = random(), .batch_events = 1 + static_cast<std::uint32_t>(random.below(24))}};
      auto wrong = run_with_crashes(sim, random);
      if (wrong.empty()) wrong = sample::difference(expected, files.output());
      QVERIFY2(wrong.empty(), ("seed " + std::to_string(first_seed_ + i) + ": " + wrong).c_str());
      for (const auto& s : sim.stats_of("tally")) faults += s->state_faults.get();
    }
    QVERIFY2(faults > 1'000, std::to_string(faults).c_str());
  }

  void foldsPartitionAndBroadcastStateSurviveCrashes() {
    for (std::uint64_t i = 0; i < seeds; ++i) {
      random_source random{first_seed_ + i};
      sample::disk files;
      simulation sim{sample::plan_of(with_rules()),
                     {.seed = random(), .batch_events = 1 + static_cast<std::uint32_t>(random.below(24))}};
      auto wrong = run_with_crashes(sim, random);
      const auto got = files.output();
      if (wrong.empty()) wrong = sample::difference(sample::sorted(expected_of_folding(got)), got);
      QVERIFY2(wrong.empty(), ("seed " + std::to_string(first_seed_ + i) + ": " + wrong).c_str());
    }
  }

  void onlyABroadcastInputMayChangeBroadcastState() {
    auto t = with_rules();
    for (auto& a : t.actors) {
      a.on_failure.action = failure_action::stop;
      if (a.name == "work") a.params["meddles"] = true;
    }
    const sample::disk files;
    simulation sim{sample::plan_of(t), {.seed = 1}};
    sim.start();
    (void)sim.run_until_over(steps_max);
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(sim.message().find("broadcast state 'limits' may be changed by the handler of a broadcast input only") !=
                 std::string::npos,
             sim.message().c_str());
  }

  void validationWantsBroadcastInputsFedInOneOrder() {
    auto two = with_rules();
    for (auto& a : two.actors) {
      if (a.name == "rules") a.parallelism = 2;
    }
    QVERIFY(has_problem(two, "fed by 2 partitions, whose records every partition may see in another order"));
    auto dealt = with("state.folding");
    dealt.add("rules", "state.rules", {}, 2);
    dealt.connect("rules", "work.rules");
    QVERIFY(has_problem(dealt, "does not send to all partitions"));
  }

  void appendedFieldsLoadWithTheirDefaults() {
    std::vector<sample::outcome> out;
    std::string message;
    const auto wrong = upgraded("state.version_1", "state.version_2", out, message);
    QVERIFY2(wrong.empty(), wrong.c_str());
    std::int64_t all = 0;
    for (const auto& o : out) {
      if (o.what == "key") QCOMPARE(o.number, readings_by_key().at(o.key) * 10 + 7);
      if (o.what == "key") QCOMPARE(o.previous, 3 * 17);
      if (o.what == "key") QCOMPARE(o.nth, readings_by_key().at(o.key) * 10 + sources * 7);
      if (o.what == "all") all += o.number - 7;
    }
    QCOMPARE(all, sources * count * 10);
    QCOMPARE(out.size(), readings_by_key().size() + 2);
  }

  void migrationsReadOlderTypes_data() {
    QTest::addColumn<QString>("first");
    QTest::newRow("from version 1") << "state.version_1";
    QTest::newRow("from version 2") << "state.version_2";
  }
  void migrationsReadOlderTypes() {
    QFETCH(QString, first);
    std::vector<sample::outcome> out;
    std::string message;
    const auto wrong = upgraded(first.toStdString(), "state.version_migrated", out, message);
    QVERIFY2(wrong.empty(), wrong.c_str());
    std::int64_t all = 0;
    for (const auto& o : out) {
      if (o.what == "key") QCOMPARE(o.number, readings_by_key().at(o.key));
      if (o.what == "key") QCOMPARE(o.nth, readings_by_key().at(o.key));
      if (o.what == "all") all += o.number;
    }
    QCOMPARE(all, sources * count);
  }

  void refusesStateThatDoesNotFit_data() {
    QTest::addColumn<QString>("second");
    QTest::addColumn<QString>("text");
    QTest::newRow("another type") << "state.version_text"
                                  << "the snapshot has state 'totals' of type {count:int64}, the actor declares it as "
                                     "{count:string}: 'count' was "
                                     "int64 and is now string; give the state a migration";
    QTest::newRow("a state that is gone") << "state.expiring"
                                          << "has no such state; declare `dropped_state";
    QTest::newRow("keys of another type") << "state.version_keyed"
                                          << "state by keys of type string, the actor's inputs are now keyed by int";
  }
  void refusesStateThatDoesNotFit() {
    QFETCH(QString, second);
    QFETCH(QString, text);
    std::vector<sample::outcome> out;
    std::string message;
    const auto wrong = upgraded("state.version_1", second.toStdString(), out, message);
    QVERIFY(!wrong.empty());
    QVERIFY2(message.starts_with("work/") && message.find(text.toStdString()) != std::string::npos, message.c_str());
  }

  void droppedStatesGo() {
    std::vector<sample::outcome> out;
    std::string message;
    const auto wrong = upgraded("state.version_1", "state.version_dropped", out, message);
    QVERIFY2(wrong.empty(), wrong.c_str());
    QVERIFY(!out.empty());
    QVERIFY(out.front().number > 0);
  }

private:
  std::uint64_t first_seed_ = 1;
};

QTEST_APPLESS_MAIN(state_crash_test)
#include "state_crash_test.moc"
