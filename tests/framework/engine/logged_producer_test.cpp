// Producers whose input cannot be read again: nothing of what the event log took is lost or counted twice.
#include "millrace/engine/fault_point.hpp"
#include "millrace/testing/simulation.hpp"
#include "sample_topology.hpp"

#include <QtTest>
#include <algorithm>
#include <set>
#include <string>

using namespace millrace;
using testing::payload;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;
constexpr std::uint64_t seeds = 200;
constexpr std::int64_t count = 300;

struct weather {
  engine::protections protect{};
  payload batches = payload::shared;
  bool tells = false;           ///< the source tells the watermark
  bool redelivers = false;      ///< the source offers again what was not acknowledged
  bool failing_writes = false;  ///< of snapshots and sinks
  bool failing_log = false;
  bool malforms = false;  ///< the source sets readings aside
};

thread_local random_source* faults = nullptr;
thread_local bool log_fails = false;
thread_local int appends_to_fail = 0;

engine::fault_action fail_some(const char* point) {
  const std::string_view name{point};
  using enum engine::fault_action;
  if (name == "log.append" && appends_to_fail > 0) {
    --appends_to_fail;
    return fail;
  }
  if (faults == nullptr) return proceed;
  if (name == "log.append" && log_fails) return faults->below(25) == 0 ? fail : proceed;
  if (name == "log.trim" && log_fails) return faults->below(4) == 0 ? fail : proceed;
  return name.starts_with("snapshot.") && faults->below(250) == 0 ? fail : proceed;
}

topology feeding(const weather& w) {
  topology t;
  t.name = "feeding";
  t.settings.snapshot_interval = std::chrono::milliseconds{10};
  t.add("feed", "sim.feed",
        {{"count", count},
         {"redelivers", w.redelivers},
         {"tells_watermark", w.tells},
         {"malforms", w.malforms},
         {"throws_one_in", std::int64_t{w.failing_writes ? 60 : 0}}},
        2);
  t.add("route", "sim.by_key", {}, 2);
  t.add("tally", "sim.tally", {}, 4);
  t.add("store", "sim.sink", {}, 4);
  for (auto& a : t.actors) a.on_failure.max_restarts = 1000;
  return t.connect("feed", "route").connect("route", "tally").connect("tally", "store");
}

struct verdict {
  std::string wrong;
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t resumed_late = 0;  ///< incarnations that went on behind the snapshot, thanks to the log
};

/// Letters that there should be, and are not, or the other way round.
std::string wrong_letters(const std::multiset<std::string>& expected, const std::vector<dead_letter>& kept) {
  std::multiset<std::string> found;
  for (const auto& l : kept) found.insert(std::to_string(l.partition) + ": " + l.content);
  std::string wrong;
  for (const auto& e : expected) {
    if (found.count(e) < expected.count(e)) wrong += "missing letter " + e + "\n";
  }
  for (const auto& f : found) {
    if (expected.count(f) < found.count(f)) wrong += "one letter too many " + f + "\n";
  }
  return wrong;
}

std::string wrong_in(const sample::disk& files, bool malforms = false, const std::vector<dead_letter>& letters = {}) {
  std::vector<std::vector<sample::reading>> sources;
  std::multiset<std::string> aside;
  for (const auto& [partition, offer] : files.offers) {
    if (offer.acknowledged != static_cast<std::size_t>(count)) return "not all is acknowledged";
    auto& good = sources.emplace_back();
    for (const auto& r : offer.handed) {
      if (!malforms || !sample::is_malformed(r.number)) {
        good.push_back(r);
      } else {
        aside.insert(std::to_string(partition) + ": reading " + std::to_string(r.number));
      }
    }
  }
  if (auto wrong = wrong_letters(aside, letters); !wrong.empty()) return wrong;
  auto wrong = sample::difference(sample::expected_of(sources), files.output());
  return wrong.empty() ? sample::disorder_in(files.output()) : wrong;
}

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
  random_source fates{random()};
  faults = w.failing_writes || w.failing_log ? &fates : nullptr;
  log_fails = w.failing_log;
  simulation sim{sample::plan_of(feeding(w)),
                 {.seed = random(),
                  .batches = w.batches,
                  .batch_events = 1 + static_cast<std::uint32_t>(random.below(24)),
                  .credit = engine::credit_window{4, std::uint64_t{1} << 20},
                  .protect = w.protect}};
  verdict out;
  sim.start();
  for (; out.crashes < 4; ++out.crashes) {
    for (auto steps = random.below(900); steps != 0 && sim.step(); --steps) {
    }
    out.restarts = std::max(out.restarts, sim.restarts());
    if (sim.now_is() != simulation::phase::running) break;
    sim.crash();
    sim.restart();
  }
  (void)sim.run_until_over(steps_max);
  out.wrong = is_finished(sim) ? wrong_in(files, w.malforms, sim.dead_letters()) : "did not finish: " + sim.message();
  if (!out.wrong.empty()) out.wrong = "seed " + std::to_string(seed) + ": " + out.wrong;
  for (const auto& [partition, offer] : files.offers) {
    out.resumed_late +=
        static_cast<std::uint64_t>(std::ranges::count_if(offer.resumed_at, [](std::size_t at) { return at != 0; }));
  }
  return out;
}

}  // namespace

class logged_producer_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() {
    first_seed_ = testing::seed_from_environment(1);
    engine::install_fault_hook(fail_some);
  }
  void cleanupTestCase() { engine::install_fault_hook(nullptr); }

  void losesNothingWhateverCrashes_data() {
    QTest::addColumn<bool>("encoded");
    QTest::addColumn<bool>("tells");
    QTest::addColumn<bool>("redelivers");
    QTest::addColumn<bool>("failing");
    QTest::newRow("shared") << false << false << false << false;
    QTest::newRow("encoded, the source tells the watermark") << true << true << false << false;
    QTest::newRow("failing writes") << false << false << false << true;
    QTest::newRow("failing writes and log, source redelivers") << true << false << true << true;
  }
  void losesNothingWhateverCrashes() {
    QFETCH(bool, encoded);
    QFETCH(bool, tells);
    QFETCH(bool, redelivers);
    QFETCH(bool, failing);
    verdict sum;
    for (std::uint64_t i = 0; i < seeds; ++i) {
      const auto v = run_through(first_seed_ + i, {.batches = encoded ? payload::encoded : payload::shared,
                                                   .tells = tells,
                                                   .redelivers = redelivers,
                                                   .failing_writes = failing,
                                                   .failing_log = redelivers && failing});
      QVERIFY2(v.wrong.empty(), v.wrong.c_str());
      sum.crashes += v.crashes;
      sum.restarts += v.restarts;
      sum.resumed_late += v.resumed_late;
    }
    QVERIFY2(sum.crashes > 2 * seeds, std::to_string(sum.crashes).c_str());
    QVERIFY2(!failing || sum.restarts > 20, std::to_string(sum.restarts).c_str());
    QVERIFY(sum.resumed_late > seeds);
  }

  /// A letter is of what the source may forget, as an event is: of polls that bring both, and those that bring letters
  /// alone.
  void keepsEachLetterOnceWhateverCrashes() {
    verdict sum;
    for (std::uint64_t i = 0; i < seeds; ++i) {
      // What the log does not take is only had again where the source offers it again.
      const bool redelivers = i % 2 == 0;
      const auto v = run_through(first_seed_ + i, {.redelivers = redelivers,
                                                   .failing_writes = i % 4 >= 2,
                                                   .failing_log = redelivers && i % 4 >= 2,
                                                   .malforms = true});
      QVERIFY2(v.wrong.empty(), v.wrong.c_str());
      sum.crashes += v.crashes;
      sum.resumed_late += v.resumed_late;
    }
    QVERIFY2(sum.crashes > 2 * seeds, std::to_string(sum.crashes).c_str());
    QVERIFY(sum.resumed_late > seeds);
  }
  void losingLettersIsNoticed() {
    QVERIFY(is_noticed({.protect = {.log_before_emit = false}, .malforms = true}, "missing letter"));
    QVERIFY(is_noticed({.protect = {.replay_log = false}, .malforms = true}, "missing letter"));
  }

  void emittingBeforeTheSyncIsNoticed() { QVERIFY(is_noticed({.protect = {.log_before_emit = false}})); }
  void notReplayingTheLogIsNoticed() { QVERIFY(is_noticed({.protect = {.replay_log = false}})); }

  void keepsOnlyWhatTheRetainedSnapshotsNeed() {
    faults = nullptr;
    const sample::disk files;
    simulation sim{sample::plan_of(feeding({})), {.seed = first_seed_, .batch_events = 16}};
    sim.start();
    QVERIFY(sim.run_until_over(steps_max));
    const auto extent = *sim.event_log().extent("producer/feed", 0);
    QCOMPARE(extent.tail.value, std::uint64_t{count});
    QVERIFY2(extent.head.value > count / 2, std::to_string(extent.head.value).c_str());
  }

  void waitsWhileTheLogCannotBeWritten() {
    faults = nullptr;
    const sample::disk files;
    simulation sim{sample::plan_of(feeding({})), {.seed = first_seed_, .batch_events = 16}};
    sim.start();
    while (sim.event_log().extent("producer/feed", 0)->tail.value < 20) QVERIFY(sim.step());
    appends_to_fail = 20;
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY2(sim.now_is() == simulation::phase::finished, sim.message().c_str());
    QCOMPARE(sim.restarts(), std::uint64_t{0});
    QVERIFY(std::ranges::any_of(sim.log(), [](const auto& l) { return l.find("so it waits") != l.npos; }));
    QVERIFY2(wrong_in(files).empty(), wrong_in(files).c_str());
  }

  void failsWhenTheLogStaysUnwritable() {
    faults = nullptr;
    const sample::disk files;
    simulation sim{sample::plan_of(feeding({})), {.seed = first_seed_, .batch_events = 16}};
    appends_to_fail = 1000;
    sim.start();
    QVERIFY(sim.run_until_over(steps_max));
    appends_to_fail = 0;
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(sim.message().find("cannot be logged") != std::string::npos, sim.message().c_str());
  }

  void saysWhereTheLogIsDamaged() {
    faults = nullptr;
    const sample::disk files;
    simulation sim{sample::plan_of(feeding({})), {.seed = first_seed_, .batch_events = 16}};
    sim.start();
    while (sim.event_log().extent("producer/feed", 0)->tail.value < 20) QVERIFY(sim.step());
    sim.crash();
    sim.event_log().damage("producer/feed", 0, sim.event_log().extent("producer/feed", 0)->head);
    sim.restart();
    QVERIFY(sim.run_until_over(steps_max));
    QVERIFY(sim.now_is() == simulation::phase::failed);
    QVERIFY2(sim.message().find("'producer/feed', partition 0") != std::string::npos, sim.message().c_str());
  }

private:
  bool is_noticed(const weather& w, const char* what = "missing") const {
    for (std::uint64_t i = 0; i < 100; ++i) {
      const auto v = run_through(first_seed_ + i, w);
      // Lost events, and not merely a log that no longer fits its snapshot.
      if (v.wrong.find(what) != std::string::npos) return true;
    }
    return false;
  }

  std::uint64_t first_seed_ = 1;
};

QTEST_APPLESS_MAIN(logged_producer_test)
#include "logged_producer_test.moc"
