// A salted key gives what the unsalted one gives: the same windows with the same content, the same late events and the
// same totals in the end, whatever skew, disorder, silent inputs and crashes a seed brings.
//
// Project headers before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/param.hpp"
#include "millrace/registry.hpp"
#include "millrace/routers.hpp"
#include "millrace/running.hpp"
#include "millrace/state.hpp"
#include "millrace/validation.hpp"
#include "millrace/windows.hpp"
#include "window_samples.hpp"

#include <QtTest>
#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>

using namespace millrace;
using namespace std::chrono_literals;
using sample::outcome;
using sample::reading;
using sample::total;

namespace {

class adder final : public processor {
public:
  in<reading> readings{this, "in", &adder::on_reading, {.key = &reading::key, .mergeable = true}};
  out<outcome> results{this, "out"};
  windows<total> per_window{this, "per_window", &adder::on_window};
  running<total> so_far{this, "so_far", &adder::on_change};
  param<std::int64_t> size{this, "size_ms", 20};
  param<std::int64_t> slide{this, "slide_ms", 20};
  param<std::int64_t> lateness{this, "lateness_ms", 0};
  param<std::int64_t> early{this, "early_events", 0};
  param<bool> speaks{this, "speaks", false};  // emits where it must not

  result<void> configure(wiring&) override {
    return per_window.set({.size = std::chrono::milliseconds{*size},
                           .slide = std::chrono::milliseconds{*slide},
                           .allowed_lateness = std::chrono::milliseconds{*lateness},
                           .early_events = static_cast<std::uint32_t>(*early)});
  }
  void on_reading(context& c, const reading& r) {
    const auto add = [&](total& t) {
      ++t.n;
      t.sum += r.amount;
    };
    (void)per_window.add(c, r.at, add);
    so_far.add(c, add);
    if (*speaks) results.emit({"aside", r.key, 0, 0, 0, 0, 0});
  }
  void on_window(context& c, const window_result<total>& r) {
    results.emit({r.why == window_firing::complete ? "complete" : "again", c.key<std::string>(), -1, r.window.start.ns,
                  r.replaces == nullptr ? -1 : r.replaces->n, r.value.n, r.value.sum});
  }
  void on_change(context& c, total& t) { results.emit({"so far", c.key<std::string>(), -1, 0, 0, t.n, t.sum}); }
};
MILLRACE_ACTOR(adder, {.id = "salt.adder", .title = "Adder"})

MILLRACE_ACTOR(routers::by_key, {.id = "salt.by_key", .title = "By key"})

/// As the one above in what it keeps, but for one thing.
class undeclared : public processor {
public:
  in<reading> readings{this, "in", &undeclared::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  running<total> so_far{this, "so_far", &undeclared::on_change};
  void on_reading(context& c, const reading&) {
    so_far.add(c, [](total& t) { ++t.n; });
  }
  void on_change(context&, total&) {}
};
MILLRACE_ACTOR(undeclared, {.id = "salt.undeclared", .title = "Undeclared"})

class with_more_state final : public processor {
public:
  in<reading> readings{this, "in", &with_more_state::on_reading, {.key = &reading::key, .mergeable = true}};
  out<outcome> results{this, "out"};
  running<total> so_far{this, "so_far", &with_more_state::on_change};
  keyed_value<std::int64_t> last{this, "last_amount"};
  void on_reading(context& c, const reading& r) {
    so_far.add(c, [](total& t) { ++t.n; });
    last.set(r.amount);
  }
  void on_change(context&, total&) {}
};
MILLRACE_ACTOR(with_more_state, {.id = "salt.more_state", .title = "More state"})

struct shape : sample::stream_shape {
  std::int64_t size = 20, slide = 20, lateness = 0;
  std::int64_t salt = 1;
  std::uint32_t partitions = 3;
};

topology topology_of(const shape& s, const std::string& type = "salt.adder") {
  topology t;
  t.name = "salting";
  t.settings.snapshot_interval = 10ms;
  sample::add_source(t, s);
  t.add("route", "salt.by_key", {{"salt", s.salt}}, s.producers);
  t.add("adder", type, {}, s.partitions);
  t.add("store", "sim.sink", {}, s.partitions);
  t.connect("source", "route").connect("route", "adder").connect("adder", "store");
  if (type != "salt.adder") return t;
  t.actors[2].params = {{"size_ms", s.size}, {"slide_ms", s.slide}, {"lateness_ms", s.lateness}};
  t.add("lates", "win.lates", {}, s.partitions);
  return t.connect("adder.late", "lates").connect("lates", "store");
}

/// What came out in the end.
struct answer {
  std::map<std::pair<std::string, std::int64_t>, std::pair<std::int64_t, std::int64_t>> of_window, of_key;
  std::multiset<std::tuple<std::string, std::int64_t, std::int64_t>> late;
  std::string wrong{};
  bool operator==(const answer&) const = default;
};

answer answer_of(const shape& s) {
  std::vector<outcome> output;
  answer out;
  out.wrong = sample::simulate(topology_of(s), s, output);
  std::set<std::pair<std::string, std::int64_t>> completed;
  for (const auto& o : output) {
    if (o.what == "late") {
      out.late.emplace(o.key, o.source, o.number);
    } else if (o.what == "so far") {
      auto& now = out.of_key[{o.key, 0}];
      if (o.nth > now.first) now = {o.nth, o.sum};
    } else {
      if (o.what == "complete" && !completed.emplace(o.key, o.number).second) out.wrong = "a window was complete twice";
      out.of_window[{o.key, o.number}] = {o.nth, o.sum};
    }
  }
  return out;
}

template <class Map>
std::string first_difference(const char* what, const Map& want, const Map& got) {
  for (const auto& [at, sums] : want) {
    const auto found = got.find(at);
    const auto n = found == got.end() ? 0 : found->second.first;
    if (found == got.end() || found->second != sums) {
      return std::string{what} + " of " + at.first + " at " + std::to_string(at.second) + " has " + std::to_string(n) +
             " events, not " + std::to_string(sums.first);
    }
  }
  return want.size() == got.size() ? "" : std::string{what} + "s too many";
}

/// Empty when the salted run gives what the run without salt and crashes gives.
std::string run(const shape& s) {
  auto plain = s;
  plain.salt = 1;
  plain.crashes = 0;
  plain.protect = {};
  const auto want = answer_of(plain);
  const auto got = answer_of(s);
  auto wrong = !want.wrong.empty() ? want.wrong : got.wrong;
  if (wrong.empty()) wrong = first_difference("window", want.of_window, got.of_window);
  if (wrong.empty()) wrong = first_difference("total", want.of_key, got.of_key);
  if (wrong.empty() && want.late != got.late) wrong = "other events are late";
  if (wrong.empty()) return wrong;
  return support::text_of(s) + " salt " + std::to_string(s.salt) + " over " + std::to_string(s.partitions) + ", " +
         std::to_string(s.size) + " by " + std::to_string(s.slide) + " ms, lateness " + std::to_string(s.lateness) +
         ": " + wrong;
}

shape random_shape(std::uint64_t seed) {
  random_source r{seed * 91 + 7};
  constexpr std::array<std::pair<std::int64_t, std::int64_t>, 5> sizes{{{20, 20}, {20, 5}, {50, 10}, {7, 3}, {200, 1}}};
  const auto [size, slide] = sizes[r.below(sizes.size())];
  shape s;
  static_cast<support::stream_shape&>(s) = support::random_stream(seed, r, {40, 140});
  s.size = size;
  s.slide = slide;
  s.lateness = r.below(2) == 0 ? 0 : static_cast<std::int64_t>(r.below(60));
  s.partitions = 2 + static_cast<std::uint32_t>(r.below(3));
  s.salt = 2 + static_cast<std::int64_t>(r.below(6));
  return s;
}

int caught(const shape& like, int seeds) {
  int out = 0;
  for (int i = 1; i <= seeds; ++i) {
    auto s = like;
    s.seed = i;
    out += run(s).empty() ? 0 : 1;
  }
  return out;
}

shape salted() {
  shape s;
  s.salt = 3;
  s.skew = support::key_skew::one_key;
  return s;
}

std::string problems_of(const topology& t) {
  std::string text;
  for (const auto& p : validate(t).problems) text += to_string(p) + "\n";
  return text;
}
bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

class salting_test : public QObject {
  Q_OBJECT
private slots:
  void givesWhatTheUnsaltedRunGives() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 500; ++seed) {
      const auto wrong = run(random_shape(seed));
      if (!wrong.empty()) QFAIL(wrong.c_str());
    }
  }
  void aPlaceLeftOutIsNoticed() {
    auto s = salted();
    s.protect.merge_all_places = false;
    QCOMPARE(caught(s, 10), 10);
  }
  void aCollectorThatARecoveryForgotIsNoticed() {
    auto s = salted();
    s.crashes = 2;
    s.protect.rebuild_firings = false;
    QVERIFY(caught(s, 10) > 0);
  }
  void aWatermarkThatTakesTheMaximumIsNoticed() {
    auto s = salted();
    s.protect.slowest_input_rules = false;
    QVERIFY(caught(s, 10) > 0);
  }

  void theActorBecomesTwoWithARouterBetween() {
    const auto v = validate(topology_of(salted()));
    QVERIFY(v.ok());
    std::vector<std::string> names;
    for (const auto& a : v.plan->spec.actors) names.push_back(a.name);
    QCOMPARE(names,
             (std::vector<std::string>{"source", "route", "adder-partial", "adder-gather", "adder", "store", "lates"}));
    QCOMPARE(v.plan->roles[2], engine::salt_role::collects);
    QCOMPARE(v.plan->roles[4], engine::salt_role::merges);
  }
  void theEventsOfOneKeyGoToSeveralPartitions() {
    auto s = salted();
    s.partitions = 4;
    for (const auto& [salt, places] : {std::pair{1, 1}, {2, 2}, {3, 3}, {4, 4}, {9, 4}}) {
      s.salt = salt;
      sample::disk files;
      testing::simulation sim{sample::plan_of(topology_of(s))};
      sim.start();
      QVERIFY(sim.run_until_over(2'000'000));
      int busy = 0;
      for (const auto& stats : sim.stats_of(salt == 1 ? "adder" : "adder-partial")) {
        busy += stats->events_in.get() != 0 ? 1 : 0;
      }
      QCOMPARE(busy, places);
    }
  }

  void whatDoesNotSayThatItCanBeMergedIsRefused() {
    const auto text = problems_of(topology_of(salted(), "salt.undeclared"));
    QVERIFY2(has(text, "error: adder.in: 'route' salts its key (key), but type 'salt.undeclared' does not say"),
             text.c_str());
    QVERIFY2(has(text, "take \"salt\" out of 'route'") && has(text, "{.mergeable = true}"), text.c_str());
  }
  void stateThatCannotBeKeptInPartsIsRefused() {
    const auto text = problems_of(topology_of(salted(), "salt.more_state"));
    QVERIFY2(has(text, "state 'last_amount' cannot be kept in parts"), text.c_str());
    QVERIFY(!has(text, "so_far"));
  }
  void earlyResultsAreRefused() {
    auto t = topology_of(salted());
    t.actors[2].params["early_events"] = std::int64_t{5};
    const auto text = problems_of(t);
    QVERIFY2(has(text, "its 'per_window' sends results early (early_events)"), text.c_str());
  }
  void aNameThatIsTakenIsRefused() {
    auto t = topology_of(salted());
    t.add("adder-partial", "win.lates", {}, 3);
    t.connect("adder.late", "adder-partial").connect("adder-partial", "store");
    const auto text = problems_of(t);
    QVERIFY2(has(text, "there is an actor 'adder-partial'"), text.c_str());
  }
  void moreSaltThanPartitionsIsWarnedOf() {
    auto s = salted();
    s.salt = 8;
    const auto text = problems_of(topology_of(s));
    QVERIFY2(has(text, "warning: route.salt: a key can be in at most 3 places"), text.c_str());
    QVERIFY(validate(topology_of(s)).ok());
  }
  void withOnePartitionNothingIsSalted() {
    auto s = salted();
    s.partitions = 1;
    QCOMPARE(validate(topology_of(s)).plan->spec.actors.size(), std::size_t{5});
  }
  void aSnapshotIsNotTakenForThatOfAnotherSalt() {
    for (const bool was_salted : {true, false}) {
      auto s = salted();
      s.salt = was_salted ? 3 : 1;
      sample::disk files;
      testing::simulation sim{sample::plan_of(topology_of(s)), {.batch_events = 8}};
      sim.start();
      while (sim.snapshots() == 0) QVERIFY(sim.step());
      sim.crash();
      s.salt = was_salted ? 1 : 3;
      sim.replace_plan(sample::plan_of(topology_of(s)));
      sim.restart();
      (void)sim.run_until_over(2'000'000);
      QCOMPARE(sim.now_is(), testing::simulation::phase::failed);
      const auto text = std::string{"taken "} + (was_salted ? "with" : "without") + " a salted key at 'adder'";
      QVERIFY2(has(sim.message(), text.c_str()), sim.message().c_str());
    }
  }
  void emittingWhereEventsAreOnlyCollectedFails() {
    auto t = topology_of(salted());
    t.actors[2].params["speaks"] = true;
    t.actors[2].on_failure.action = failure_action::stop;
    std::vector<outcome> output;
    const auto failure = sample::simulate(t, salted(), output);
    QVERIFY2(has(failure, "something was emitted on 'out' while the key is salted"), failure.c_str());
  }
};

QTEST_APPLESS_MAIN(salting_test)
#include "salting_test.moc"
