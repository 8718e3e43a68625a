// Joins against oracles that have all records at hand: pairs by definition, whatever disorder, late records and crashes
// a seed brings. Two sources of the same kind are the two sides.
#include "millrace/interval_join.hpp"
#include "millrace/param.hpp"
#include "millrace/registry.hpp"
#include "millrace/temporal_join.hpp"
#include "millrace/window_join.hpp"
#include "window_samples.hpp"

#include <QtTest>
#include <array>
#include <map>
#include <set>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;
using sample::disorder_ms;
using sample::ms;
using sample::outcome;
using sample::reading;

namespace {

constexpr std::array kinds{join_kind::inner, join_kind::left, join_kind::right, join_kind::outer};

outcome pair_of(const reading* l, const reading* r) {
  const auto id = [](const reading* x) { return x == nullptr ? -1 : x->source * 10'000 + x->number; };
  return {"pair", l != nullptr ? l->key : r->key, id(l), id(r), -1, 0, 0};
}

class intervals final : public processor {
public:
  in<reading> lefts{this, "left", &intervals::on_left, {.key = &reading::key}};
  in<reading> rights{this, "right", &intervals::on_right, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  interval_join<reading, reading> join{this, "join", &intervals::on_pair};
  param<std::int64_t> before{this, "before_ms", 5};
  param<std::int64_t> after{this, "after_ms", 10};
  param<std::int64_t> kind{this, "kind", 0};
  param<std::int64_t> lateness{this, "lateness_ms", 0};

  result<void> configure(wiring&) override {
    return join.set({std::chrono::milliseconds{*before}, std::chrono::milliseconds{*after},
                     kinds[static_cast<std::size_t>(*kind)], std::chrono::milliseconds{*lateness}});
  }
  void on_left(context& c, const reading& r) { (void)join.left(c, r.at, r); }
  void on_right(context& c, const reading& r) { (void)join.right(c, r.at, r); }
  void on_pair(context&, const reading* l, const reading* r) { results.emit(pair_of(l, r)); }
};
MILLRACE_ACTOR(intervals, {.id = "win.intervals", .title = "Interval join"})

/// One in five of the right's records deletes the key's row.
bool is_deletion(const reading& r) {
  return r.amount % 5 == 0;
}

class temporals final : public processor {
public:
  in<reading> lefts{this, "left", &temporals::on_left, {.key = &reading::key}};
  in<reading> rights{this, "right", &temporals::on_right, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  temporal_join<reading, reading> join{this, "join", &temporals::on_event};
  param<std::int64_t> kind{this, "kind", 0};
  param<std::int64_t> lateness{this, "lateness_ms", 0};

  result<void> configure(wiring&) override {
    return join.set({kinds[static_cast<std::size_t>(*kind % 2)], std::chrono::milliseconds{*lateness}});
  }
  void on_left(context& c, const reading& r) { (void)join.event(c, r.at, r); }
  void on_right(context& c, const reading& r) { (void)(is_deletion(r) ? join.remove(c, r.at) : join.put(c, r.at, r)); }
  void on_event(context&, const reading& l, const reading* r) { results.emit(pair_of(&l, r)); }
};
MILLRACE_ACTOR(temporals, {.id = "win.temporals", .title = "Temporal join"})

class window_pairs final : public processor {
public:
  using both = joined_window<reading, reading>;
  in<reading> lefts{this, "left", &window_pairs::on_left, {.key = &reading::key}};
  in<reading> rights{this, "right", &window_pairs::on_right, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  windows<both> join{this, "join", &window_pairs::on_window};
  param<std::int64_t> size{this, "after_ms", 10};
  param<std::int64_t> kind{this, "kind", 0};

  result<void> configure(wiring&) override { return join.set(tumbling(std::chrono::milliseconds{*size})); }
  void on_left(context& c, const reading& r) {
    (void)join.add(c, r.at, [&](both& w) { w.left.push_back(r); });
  }
  void on_right(context& c, const reading& r) {
    (void)join.add(c, r.at, [&](both& w) { w.right.push_back(r); });
  }
  void on_window(context&, const window_result<both>& w) {
    each_pair(w.value, kinds[static_cast<std::size_t>(*kind)],
              [&](const reading* l, const reading* r) { results.emit(pair_of(l, r)); });
  }
};
MILLRACE_ACTOR(window_pairs, {.id = "win.window_pairs", .title = "Window join"})

struct shape : sample::stream_shape {
  std::int64_t before = 5, after = 10, kind = 0, lateness = 0;
};

/// The stream of the right side; that of the left side is `s` itself.
shape right_of(shape s) {
  s.seed += 500'000;
  return s;
}

topology topology_of(const std::string& actor, const shape& s) {
  topology t;
  t.name = "joins";
  t.settings.snapshot_interval = 10ms;
  sample::add_source(t, s, "left");
  sample::add_source(t, right_of(s), "right");
  t.add("route_left", "sim.by_key", {}, s.producers);
  t.add("route_right", "sim.by_key", {}, s.producers);
  std::map<std::string, param_value> given{{"kind", s.kind}};
  if (actor == "win.intervals") given["before_ms"] = s.before;
  if (actor != "win.temporals") given["after_ms"] = s.after;
  if (actor != "win.window_pairs") given["lateness_ms"] = s.lateness;
  t.add("join", actor, given, 3);
  t.add("store", "sim.sink", {}, 3);
  t.connect("left", "route_left").connect("right", "route_right");
  return t.connect("route_left", "join.left").connect("route_right", "join.right").connect("join", "store");
}

using side = std::map<std::string, std::vector<reading>>;

/// The records of one side that count: not late by their own producer's account.
side counting(const shape& s, std::int64_t window_ms = 0) {
  side out;
  for (std::int64_t p = 0; p < s.producers; ++p) {
    auto newest = event_time::min().ns;
    for (std::int64_t n = 0; n < s.count_of(p); ++n) {
      const auto e = sample::event_of(s, p, n);
      const auto complete = newest == event_time::min().ns ? newest : newest - disorder_ms * ms - 1;
      newest = std::max(newest, e.at.ns);
      const auto until =
          window_ms == 0
              ? e.at.ns + s.lateness * ms
              : (e.at.ns - ((e.at.ns % (window_ms * ms)) + window_ms * ms) % (window_ms * ms)) + window_ms * ms - 1;
      if (complete == event_time::min().ns || until > complete) out[e.key].push_back(e);
    }
  }
  return out;
}

using pairs = std::multiset<std::tuple<std::string, std::int64_t, std::int64_t>>;
void add(pairs& to, const reading* l, const reading* r) {
  const auto o = pair_of(l, r);
  to.emplace(o.key, o.source, o.number);
}

template <class Belongs>
pairs all_pairs(side left, side right, join_kind kind, Belongs belongs) {
  pairs out;
  std::set<std::string> keys;
  for (const auto& [k, unused] : left) keys.insert(k);
  for (const auto& [k, unused] : right) keys.insert(k);
  for (const auto& k : keys) {
    std::set<const reading*> met;
    for (const auto& l : left[k]) {
      for (const auto& r : right[k]) {
        if (!belongs(l, r)) continue;
        add(out, &l, &r);
        met.insert({&l, &r});
      }
    }
    for (const auto& l : left[k]) {
      if (!met.contains(&l) && (kind == join_kind::left || kind == join_kind::outer)) add(out, &l, nullptr);
    }
    for (const auto& r : right[k]) {
      if (!met.contains(&r) && (kind == join_kind::right || kind == join_kind::outer)) add(out, nullptr, &r);
    }
  }
  return out;
}

pairs versions_at(side left, side right, join_kind kind) {
  pairs out;
  for (const auto& [k, events] : left) {
    for (const auto& l : events) {
      const reading* version = nullptr;
      for (const auto& r : right[k]) {
        if (r.at <= l.at && (version == nullptr || r.at >= version->at)) version = &r;
      }
      if (version != nullptr && is_deletion(*version)) version = nullptr;
      if (version != nullptr || kind == join_kind::left) add(out, &l, version);
    }
  }
  return out;
}

std::string compare(const std::string& actor, const shape& s, const pairs& want) {
  std::vector<outcome> output;
  if (auto wrong = sample::simulate(topology_of(actor, s), s, output); !wrong.empty()) return wrong;
  pairs got;
  for (const auto& o : output) got.emplace(o.key, o.source, o.number);
  if (got == want) return {};
  return support::text_of(s) + " (kind " + std::to_string(s.kind) + ", lateness " + std::to_string(s.lateness) +
         "): " + std::to_string(got.size()) + " pairs, not " + std::to_string(want.size());
}

std::string run_intervals(const shape& s) {
  const auto kind = kinds[static_cast<std::size_t>(s.kind)];
  return compare("win.intervals", s,
                 all_pairs(counting(s), counting(right_of(s)), kind, [&](const reading& l, const reading& r) {
                   return r.at.ns >= l.at.ns - s.before * ms && r.at.ns <= l.at.ns + s.after * ms;
                 }));
}
std::string run_windows(const shape& s) {
  const auto window = [&](const reading& x) {
    return (x.at.ns - ((x.at.ns % (s.after * ms)) + s.after * ms) % (s.after * ms)) / (s.after * ms);
  };
  return compare(
      "win.window_pairs", s,
      all_pairs(counting(s, s.after), counting(right_of(s), s.after), kinds[static_cast<std::size_t>(s.kind)],
                [&](const reading& l, const reading& r) { return window(l) == window(r); }));
}
/// One producer a side: of versions with one time the later one counts, which several producers leave open.
std::string run_temporal(shape s) {
  s.producers = 1;
  s.silent = 0;
  return compare("win.temporals", s,
                 versions_at(counting(s), counting(right_of(s)), kinds[static_cast<std::size_t>(s.kind % 2)]));
}

shape random_shape(std::uint64_t seed) {
  random_source r{seed * 53 + 1};
  shape s;
  static_cast<support::stream_shape&>(s) = support::random_stream(seed, r, {20, 100});
  s.before = static_cast<std::int64_t>(r.below(30)) - 10;
  s.after = std::max<std::int64_t>(1, static_cast<std::int64_t>(r.below(30)) - std::min<std::int64_t>(0, s.before));
  s.kind = static_cast<std::int64_t>(r.below(4));
  s.lateness = r.below(2) == 0 ? 0 : static_cast<std::int64_t>(r.below(60));
  return s;
}

template <class Run>
void hold(Run run) {
  const auto first = testing::seed_from_environment(1);
  for (std::uint64_t seed = first; seed < first + 500; ++seed) {
    const auto wrong = run(random_shape(seed));
    if (!wrong.empty()) QFAIL(wrong.c_str());
  }
}

template <class Run>
int caught(Run run, const engine::protections& protect, int crashes) {
  int out = 0;
  for (int seed = 1; seed <= 10; ++seed) {
    shape s;
    s.seed = seed;
    s.kind = 1;
    s.crashes = crashes;
    s.protect = protect;
    out += run(s).empty() ? 0 : 1;
  }
  return out;
}

}  // namespace

class joins_test : public QObject {
  Q_OBJECT
private slots:
  void intervalsPairWhatLiesWithin() { hold(run_intervals); }
  void windowsPairWhatTheyHold() { hold(run_windows); }
  void tablesAnswerAsOfTheEventsTime() { hold(run_temporal); }

  void oraclesSeeAWatermarkThatTakesTheMaximum() {
    QVERIFY(caught(run_intervals, {.slowest_input_rules = false}, 0) > 0);
    QVERIFY(caught(run_windows, {.slowest_input_rules = false}, 0) > 0);
    QVERIFY(caught(run_temporal, {.slowest_input_rules = false}, 0) > 0);
  }
  void oraclesSeeWhatARecoveryForgot() {
    QVERIFY(caught(run_intervals, {.rebuild_firings = false}, 2) > 0);
    QVERIFY(caught(run_windows, {.rebuild_firings = false}, 2) > 0);
    QVERIFY(caught(run_temporal, {.rebuild_firings = false}, 2) > 0);
  }
  void refusesAnEmptyInterval() { QVERIFY(!check(interval_spec{.before = -2s, .after = 1s})); }
};

QTEST_APPLESS_MAIN(joins_test)
#include "joins_test.moc"
