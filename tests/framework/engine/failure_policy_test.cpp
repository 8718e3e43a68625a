// What becomes of events, state and the run when handlers throw.
#include "millrace/testing/simulation.hpp"
#include "sample_topology.hpp"

#include <QtTest>
#include <algorithm>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;
using testing::simulation;

namespace {

constexpr std::int64_t count = 5000;
constexpr std::size_t steps_max = 2'000'000;

/// numbers → by key → flaky → sink, dead letters beside.
topology flaky_topology(std::map<std::string, param_value> params, const failure_policy& policy) {
  topology t;
  t.name = "flaky";
  t.settings.snapshot_interval = 10ms;
  t.add("numbers", "sim.numbers", {{"count", count}});
  t.add("route", "sim.by_key");
  t.add("flaky", "sim.flaky", std::move(params)).on_failure = policy;
  t.add("store", "sim.sink");
  t.add("letters", "sim.letters");
  return t.connect("numbers", "route")
      .connect("route", "flaky")
      .connect("flaky", "store")
      .connect("flaky.dead", "letters");
}

/// A finished or failed run and what it left.
struct ran {
  explicit ran(const topology& t, std::uint64_t seed = 3) : sim{sample::plan_of(t), {.seed = seed}} {
    sim.start();
    ends = sim.run_until_over(steps_max);
  }
  [[nodiscard]] std::uint64_t total(const std::string& actor,
                                    engine::gauge<std::uint64_t> engine::task_stats::*what) const {
    std::uint64_t sum = 0;
    for (const auto& s : sim.stats_of(actor)) sum += ((*s).*what).get();
    return sum;
  }
  [[nodiscard]] std::int64_t outcomes(const std::string& what) const {
    return std::ranges::count(files.output(), what, &sample::outcome::what);
  }
  /// Every reading came through once but for those numbers.
  [[nodiscard]] bool has_all_but(const std::vector<std::int64_t>& missing, std::int64_t of = count) const {
    std::vector<std::int64_t> numbers;
    for (const auto& o : files.output()) {
      if (o.what == "event") numbers.push_back(o.number);
    }
    std::ranges::sort(numbers);
    std::vector<std::int64_t> expected;
    for (std::int64_t n = 0; n < of; ++n) {
      if (!std::ranges::binary_search(missing, n)) expected.push_back(n);
    }
    return numbers == expected;
  }
  [[nodiscard]] bool is_finished() const { return ends && sim.now_is() == simulation::phase::finished; }

  sample::disk files;
  simulation sim;
  bool ends = false;
};

std::vector<std::int64_t> every(std::int64_t step, std::int64_t of = count) {
  std::vector<std::int64_t> out;
  for (auto n = step - 1; n < of; n += step) out.push_back(n);
  return out;
}

constexpr auto dead_letters = &engine::task_stats::dead_letters;
constexpr auto retries = &engine::task_stats::retries;

}  // namespace

class failure_policy_test : public QObject {
  Q_OBJECT
private slots:
  void resumeMakesADeadLetterOfTheEventAlone() {
    const ran r{flaky_topology({{"every", std::int64_t{1000}}}, {.action = failure_action::resume})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.has_all_but(every(1000)));
    QCOMPARE(r.total("flaky", dead_letters), std::uint64_t{5});
    QCOMPARE(r.files.letters.size(), std::size_t{5});
    const auto& letter = r.files.letters.front();
    QCOMPARE(letter.actor, std::string{"flaky"});
    QCOMPARE(letter.input, std::string{"in"});
    QCOMPARE(letter.channel, std::string{"route/0.out -> flaky/0.in"});
    QCOMPARE(letter.sequence, std::uint64_t{999});
    QCOMPARE(letter.reason, std::string{"record 999 is bad"});
    QVERIFY(letter.content.find("999") != std::string::npos);
  }

  void retryGivesTheSameEventAgain() {
    const ran r{flaky_topology({{"every", std::int64_t{1000}}, {"fails", std::int64_t{2}}},
                               {.action = failure_action::retry, .max_attempts = 3, .backoff = 5ms})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.has_all_but({}));
    QCOMPARE(r.total("flaky", retries), std::uint64_t{10});
    QCOMPARE(r.total("flaky", dead_letters), std::uint64_t{0});
  }

  void attemptsAreCountedForEachEvent() {
    const ran r{flaky_topology({{"every", std::int64_t{20}}, {"fails", std::int64_t{2}}},
                               {.action = failure_action::retry, .max_attempts = 2, .backoff = 1ms})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.has_all_but({}));
    QCOMPARE(r.total("flaky", retries), std::uint64_t{2 * count / 20});
  }

  void afterTheRetriesTheOtherActionFollows() {
    const ran r{flaky_topology({{"every", std::int64_t{1000}}},
                               {.action = failure_action::retry, .max_attempts = 2, .backoff = 5ms})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.has_all_but(every(1000)));
    QCOMPARE(r.total("flaky", retries), std::uint64_t{10});
    QCOMPARE(r.files.letters.size(), std::size_t{5});
  }

  void restartGoesBackToTheSnapshotAndLosesNothing() {
    const ran r{flaky_topology({{"every", std::int64_t{1000}}, {"fails", std::int64_t{1}}},
                               {.action = failure_action::restart, .max_restarts = 10})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.has_all_but({}));
    QCOMPARE(r.sim.restarts(), std::uint64_t{5});
    QCOMPARE(r.files.letters.size(), std::size_t{0});
    std::map<std::string, std::int64_t> nth;
    for (const auto& o : r.files.output()) {
      if (o.what == "event") QVERIFY2(o.nth == ++nth[o.key], "state and output do not go back together");
    }
  }

  void restartsAreLimited() {
    const ran r{
        flaky_topology({{"every", std::int64_t{1000}}}, {.action = failure_action::restart, .max_restarts = 3})};
    QVERIFY(r.ends && r.sim.now_is() == simulation::phase::failed);
    QCOMPARE(r.sim.restarts(), std::uint64_t{3});
    QVERIFY2(r.sim.message().find("given up after 3 restarts within 60 s") != std::string::npos,
             r.sim.message().c_str());
    QVERIFY2(r.sim.message().find("flaky/0, event 999 of route/0.out -> flaky/0.in") != std::string::npos,
             r.sim.message().c_str());
  }

  void stopEndsTheRunAndKeepsWhatWasCommitted() {
    const ran r{flaky_topology({{"every", std::int64_t{4000}}}, {.action = failure_action::stop})};
    QVERIFY(r.ends && r.sim.now_is() == simulation::phase::failed);
    QVERIFY(!r.sim.has_escalated());
    QVERIFY(r.files.output().size() < 4000);
    QCOMPARE(r.sim.restarts(), std::uint64_t{0});
  }

  void escalateEndsTheProcess() {
    const ran r{flaky_topology({{"every", std::int64_t{1000}}}, {.action = failure_action::escalate})};
    QVERIFY(r.ends && r.sim.now_is() == simulation::phase::failed);
    QVERIFY(r.sim.has_escalated());
  }

  void aTimerIsTriedAgain() {
    const ran r{flaky_topology({{"where", "timer"}, {"every", std::int64_t{7}}, {"fails", std::int64_t{2}}},
                               {.action = failure_action::retry, .max_attempts = 2, .backoff = 1ms})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.total("flaky", retries) > 40);
    QCOMPARE(r.total("flaky", retries), r.files.attempts.size() * 2);
    const auto output = r.files.output();
    for (const auto& tried : r.files.attempts) {
      const auto& at = tried.first;
      const auto fired = std::ranges::count_if(output, [&](const sample::outcome& o) {
        return o.what == "timer" && "timer " + o.key == at.first && o.number == at.second;
      });
      QCOMPARE(fired, 1);
    }
    QVERIFY(r.has_all_but({}));
  }

  void aTimerIsGivenUpAlone() {
    const ran r{flaky_topology({{"where", "timer"}, {"every", std::int64_t{7}}}, {.action = failure_action::resume})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.outcomes("timer") > 200);
    QVERIFY(r.has_all_but({}));
    QCOMPARE(r.outcomes("end"), 1);
  }

  void aFailureAtTheLastWatermarkDoesNotKeepTheRunFromEnding() {
    for (const auto action : {failure_action::resume, failure_action::retry}) {
      const ran r{flaky_topology({{"where", "watermark"}}, {.action = action, .backoff = 1ms})};
      QVERIFY2(r.is_finished(), r.sim.message().c_str());
      QCOMPARE(r.outcomes("end"), 1);
    }
  }

  void theEndOfInputIsTriedAgain() {
    const ran r{flaky_topology({{"where", "end"}, {"fails", std::int64_t{2}}},
                               {.action = failure_action::retry, .backoff = 1ms})};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QCOMPARE(r.outcomes("end"), 1);
    QCOMPARE(r.total("flaky", retries), std::uint64_t{2});
  }

  void onlyRecordsWithoutAKeyBecomeDeadLetters() {
    topology t;
    t.name = "measures";
    t.add("measures", "sim.measures", {{"count", std::int64_t{2000}}, {"every", std::int64_t{100}}});
    t.add("route", "sim.by_key");
    t.add("keys", "sim.measured_keys", {}, 2);
    t.add("store", "sim.sink", {}, 2);
    t.add("letters", "sim.letters");
    for (auto& a : t.actors) a.on_failure = {.action = failure_action::resume};
    t.connect("measures", "route").connect("route", "keys").connect("keys", "store").connect("route.dead", "letters");
    auto narrow = t;
    narrow.actors[2].parallelism = narrow.actors[3].parallelism = 1;
    narrow.streams.back().from_actor = "keys";
    for (const auto& each : {t, narrow}) {
      const ran r{each};
      QVERIFY2(r.is_finished(), r.sim.message().c_str());
      QVERIFY(r.has_all_but(every(100, 2000), 2000));
      QCOMPARE(r.files.letters.size(), std::size_t{20});
      QCOMPARE(r.files.letters[1].sequence, std::uint64_t{199});
    }
  }

  void aRouterGivesUpTheEventItCannotPlace() {
    topology t;
    t.name = "picky";
    t.add("numbers", "sim.numbers", {{"count", count}});
    t.add("route", "sim.picky", {{"every", std::int64_t{100}}}).on_failure = {.action = failure_action::resume};
    t.add("check", "sim.flaky_batches", {{"every", count * 2}}, 3);
    t.add("store", "sim.sink", {}, 3);
    t.add("letters", "sim.letters");
    t.connect("numbers", "route").connect("route", "check").connect("check", "store").connect("route.dead", "letters");
    const ran r{t};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QVERIFY(r.has_all_but(every(100)));
    QCOMPARE(r.files.letters.size(), std::size_t{50});
  }

  void aBatchHandlerGivesUpItsBatch() {
    topology t;
    t.name = "batches";
    t.add("numbers", "sim.numbers", {{"count", count}});
    t.add("check", "sim.flaky_batches", {{"every", std::int64_t{1000}}}).on_failure = {.action =
                                                                                           failure_action::resume};
    t.add("store", "sim.sink");
    t.add("letters", "sim.letters");
    t.connect("numbers", "check").connect("check", "store").connect("check.dead", "letters");
    const ran r{t};
    QVERIFY2(r.is_finished(), r.sim.message().c_str());
    QCOMPARE(r.files.letters.size() + r.files.output().size(), static_cast<std::size_t>(count));
    QVERIFY(r.files.letters.size() >= 5 && r.files.letters.size() <= 5 * 256);
  }
};

QTEST_APPLESS_MAIN(failure_policy_test)
#include "failure_policy_test.moc"
