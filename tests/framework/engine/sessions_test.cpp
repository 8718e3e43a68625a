// Sessions against an oracle that sorts the events that count and cuts where the gap is.
#include "millrace/sessions.hpp"
#include "millrace/param.hpp"
#include "millrace/registry.hpp"
#include "window_samples.hpp"

#include <QtTest>
#include <map>
#include <set>
#include <string>
#include <tuple>

using namespace millrace;
using namespace std::chrono_literals;
using sample::disorder_ms;
using sample::ms;

namespace {

class visits final : public processor {
public:
  in<sample::reading> readings{this, "in", &visits::on_reading, {.key = &sample::reading::key}};
  out<sample::outcome> results{this, "out"};
  sessions<sample::total> visit{this, "visit", &visits::on_visit};
  param<std::int64_t> gap{this, "gap_ms", 10};
  param<std::int64_t> lateness{this, "lateness_ms", 0};

  result<void> configure(wiring&) override {
    return visit.set({std::chrono::milliseconds{*gap}, std::chrono::milliseconds{*lateness}});
  }
  void on_reading(context& c, const sample::reading& r) {
    (void)visit.add(c, r.at, [&](sample::total& t) {
      ++t.n;
      t.sum += r.amount;
    });
  }
  void on_visit(context& c, const window_result<sample::total>& r) {
    const auto* what = r.why == window_firing::retraction ? "retract" : "visit";
    results.emit({what, c.key<std::string>(), r.window.end.ns, r.window.start.ns, -1, r.value.n, r.value.sum});
  }
};
MILLRACE_ACTOR(visits, {.id = "win.visits", .title = "Visits"})

struct shape : sample::stream_shape {
  std::int64_t gap = 10, lateness = 0;
};

topology topology_of(const shape& s) {
  topology t;
  t.name = "sessions";
  t.settings.snapshot_interval = 10ms;
  sample::add_source(t, s);
  t.add("route", "sim.by_key", {}, s.producers);
  t.add("visits", "win.visits", {{"gap_ms", s.gap}, {"lateness_ms", s.lateness}}, 3);
  t.add("lates", "win.lates", {}, 3);
  t.add("store", "sim.sink", {}, 3);
  t.connect("source", "route").connect("route", "visits").connect("visits", "store");
  return t.connect("visits.late", "lates").connect("lates", "store");
}

/// Key, start, end, events, sum; for late events key, source, number.
struct answer {
  std::multiset<std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t, std::int64_t>> visits;
  std::multiset<std::tuple<std::string, std::int64_t, std::int64_t>> late;
  bool operator==(const answer&) const = default;
};

answer expected(const shape& s) {
  answer out;
  std::map<std::string, std::multiset<std::pair<std::int64_t, std::int64_t>>> counting;
  for (std::int64_t p = 0; p < s.producers; ++p) {
    auto newest = event_time::min().ns;
    for (std::int64_t n = 0; n < s.count_of(p); ++n) {
      const auto e = sample::event_of(s, p, n);
      const bool is_late = newest != event_time::min().ns && e.at.ns <= newest - disorder_ms * ms - 1 - s.lateness * ms;
      newest = std::max(newest, e.at.ns);
      if (is_late) {
        out.late.emplace(e.key, e.source, e.number);
      } else {
        counting[e.key].emplace(e.at.ns, e.amount);
      }
    }
  }
  for (const auto& [key, events] : counting) {
    auto start = events.begin()->first;
    auto last = start;
    std::int64_t n = 0;
    std::int64_t sum = 0;
    for (const auto& [at, amount] : events) {
      if (at - last >= s.gap * ms) {
        out.visits.emplace(key, start, last + s.gap * ms, n, sum);
        start = at;
        n = sum = 0;
      }
      last = at;
      ++n;
      sum += amount;
    }
    out.visits.emplace(key, start, last + s.gap * ms, n, sum);
  }
  return out;
}

std::string run(const shape& s) {
  std::vector<sample::outcome> output;
  if (auto wrong = sample::simulate(topology_of(s), s, output); !wrong.empty()) return wrong;
  answer got;
  for (const auto& o : output) {
    const std::tuple visit{o.key, o.number, o.source, o.nth, o.sum};
    if (o.what == "late") {
      got.late.emplace(o.key, o.source, o.number);
    } else if (o.what == "visit") {
      got.visits.insert(visit);
    } else if (const auto at = got.visits.find(visit); at != got.visits.end()) {
      got.visits.erase(at);
    } else {
      return "seed " + std::to_string(s.seed) + ": what was never sent is retracted";
    }
  }
  const auto want = expected(s);
  if (got == want) return {};
  return support::text_of(s) + ": " + std::to_string(got.visits.size()) + " sessions and " +
         std::to_string(got.late.size()) + " late events, not " + std::to_string(want.visits.size()) + " and " +
         std::to_string(want.late.size());
}

shape random_shape(std::uint64_t seed) {
  random_source r{seed * 31 + 3};
  shape s;
  static_cast<support::stream_shape&>(s) = support::random_stream(seed, r, {30, 150});
  s.gap = 1 + static_cast<std::int64_t>(r.below(40));
  s.lateness = r.below(2) == 0 ? 0 : static_cast<std::int64_t>(r.below(60));
  return s;
}

}  // namespace

class sessions_test : public QObject {
  Q_OBJECT
private slots:
  void joinEventsThatFollowWithinTheGap() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 1000; ++seed) {
      const auto wrong = run(random_shape(seed));
      if (!wrong.empty()) QFAIL(wrong.c_str());
    }
  }
  void oracleSeesAWatermarkThatTakesTheMaximum() {
    int caught = 0;
    for (int seed = 1; seed <= 10; ++seed) {
      shape s;
      s.seed = seed;
      s.protect.slowest_input_rules = false;
      caught += run(s).empty() ? 0 : 1;
    }
    QVERIFY(caught > 0);
  }
  void oracleSeesSessionsLostInARecovery() {
    int caught = 0;
    for (int seed = 1; seed <= 10; ++seed) {
      shape s;
      s.seed = seed;
      s.crashes = 2;
      s.protect.rebuild_firings = false;
      caught += run(s).empty() ? 0 : 1;
    }
    QVERIFY(caught > 0);
  }
};

QTEST_APPLESS_MAIN(sessions_test)
#include "sessions_test.moc"
