// Windows assigned by a function, and triggers, against oracles that see the whole input at once.
#include "millrace/assigned_windows.hpp"
#include "millrace/kept_events.hpp"
#include "millrace/param.hpp"
#include "millrace/registry.hpp"
#include "millrace/testing/actor_harness.hpp"
#include "window_samples.hpp"

#include <QtTest>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;
using sample::disorder_ms;
using sample::ms;

namespace {

/// Shift n begins at 17 n ms; even ones last 20 ms, odd ones 45.
void shifts(event_time at, std::vector<time_window>& windows) {
  const auto newest = at.ns < 0 ? (at.ns + 1) / (17 * ms) - 1 : at.ns / (17 * ms);
  for (auto n = newest - 3; n <= newest; ++n) {
    const time_window w{{n * 17 * ms}, {(n * 17 + (n % 2 == 0 ? 20 : 45)) * ms}};
    if (w.start <= at && at < w.end) windows.push_back(w);
  }
}

class planner final : public processor {
public:
  in<sample::reading> readings{this, "in", &planner::on_reading, {.key = &sample::reading::key}};
  out<sample::outcome> results{this, "out"};
  assigned_windows<sample::total> shift{this, "shift", &planner::on_shift};
  param<std::string> assigner{this, "assigner", "shifts"};
  param<std::int64_t> lateness{this, "lateness_ms", 0};
  param<std::int64_t> events{this, "events", 0};
  param<std::int64_t> every{this, "every_ms", 0};
  param<std::int64_t> above{this, "above", 0};
  param<bool> purge{this, "purge", false};

  result<void> configure(wiring&) override {
    trigger<sample::total> when{
        .events = static_cast<std::uint32_t>(*events), .every = std::chrono::milliseconds{*every}, .purge = *purge};
    if (*above != 0) when.when = [limit = *above](const sample::total& t) { return t.sum > limit; };
    return shift.set(*assigner == "shifts" ? window_assigner{shifts} : endless(), when,
                     std::chrono::milliseconds{*lateness});
  }
  void on_reading(context& c, const sample::reading& r) {
    (void)shift.add(c, r.at, [&](sample::total& t) {
      ++t.n;
      t.sum += r.amount;
    });
  }
  void on_shift(context& c, const window_result<sample::total>& r) {
    const auto* what = r.why == window_firing::complete ? "complete"
                       : r.why == window_firing::early  ? "early"
                                                        : "again";
    results.emit({what, c.key<std::string>(), r.replaces == nullptr ? -1 : r.replaces->n, r.window.start.ns, -1,
                  r.value.n, r.value.sum});
  }
};
MILLRACE_ACTOR(planner, {.id = "assigned.planner", .title = "Planner"})

struct shape : sample::stream_shape {
  std::string assigner = "shifts";
  std::int64_t lateness = 0, events = 0, every = 0, above = 0;
  bool purge = false;
};

topology topology_of(const shape& s) {
  topology t;
  t.name = "assigned-windows";
  t.settings.snapshot_interval = 10ms;
  sample::add_source(t, s);
  t.add("route", "sim.by_key", {}, s.producers);
  t.add("planner", "assigned.planner",
        {{"assigner", s.assigner},
         {"lateness_ms", s.lateness},
         {"events", s.events},
         {"every_ms", s.every},
         {"above", s.above},
         {"purge", s.purge}},
        3);
  t.add("lates", "win.lates", {}, 3);
  t.add("store", "sim.sink", {}, 3);
  t.connect("source", "route").connect("route", "planner").connect("planner", "store");
  return t.connect("planner.late", "lates").connect("lates", "store");
}

struct answer {
  std::map<std::pair<std::string, std::int64_t>, std::pair<std::int64_t, std::int64_t>> of_window;
  std::multiset<std::tuple<std::string, std::int64_t, std::int64_t>> late;
  bool operator==(const answer&) const = default;
};

answer expected(const shape& s) {
  answer out;
  for (std::int64_t p = 0; p < s.producers; ++p) {
    auto newest = event_time::min().ns;
    for (std::int64_t n = 0; n < s.count_of(p); ++n) {
      const auto e = sample::event_of(s, p, n);
      const auto complete = newest == event_time::min().ns ? newest : newest - disorder_ms * ms - 1;
      newest = std::max(newest, e.at.ns);
      bool counts = false;
      for (std::int64_t shift = -20; shift < 100; ++shift) {
        const auto start = shift * 17 * ms;
        const auto end = start + (shift % 2 == 0 ? 20 : 45) * ms;
        if (e.at.ns < start || e.at.ns >= end) continue;
        if (complete != event_time::min().ns && complete >= e.at.ns && complete >= end - 1 + s.lateness * ms) continue;
        auto& sum = out.of_window[{e.key, start}];
        ++sum.first;
        sum.second += e.amount;
        counts = true;
      }
      if (!counts) out.late.emplace(e.key, e.source, e.number);
    }
  }
  return out;
}

std::string run(const shape& s) {
  std::vector<sample::outcome> output;
  if (auto wrong = sample::simulate(topology_of(s), s, output); !wrong.empty()) return wrong;
  answer got;
  const auto failed = [&](const std::string& what) { return "seed " + std::to_string(s.seed) + ": " + what; };
  std::set<std::pair<std::string, std::int64_t>> completed;
  for (const auto& o : output) {
    if (o.what == "late") {
      got.late.emplace(o.key, o.source, o.number);
      continue;
    }
    const std::pair at{o.key, o.number};
    if (o.what == "early") {
      if (completed.contains(at)) return failed("a provisional result after the final one");
      continue;
    }
    if (o.what == "complete" && !completed.insert(at).second) return failed("a window was complete twice");
    if (o.what == "again" && completed.contains(at) && o.source != got.of_window[at].first) {
      return failed("a correction replaces what was never sent");
    }
    completed.insert(at);
    got.of_window[at] = {o.nth, o.sum};
  }
  return got == expected(s) ? std::string{} : failed("not the windows or late events that should be");
}

shape random_shape(std::uint64_t seed) {
  random_source r{seed * 29 + 11};
  shape s;
  static_cast<support::stream_shape&>(s) = support::random_stream(seed, r, {30, 150});
  s.lateness = r.below(2) == 0 ? 0 : static_cast<std::int64_t>(r.below(60));
  s.events = r.below(3) == 0 ? 4 : 0;
  s.every = r.below(3) == 0 ? 3 : 0;
  return s;
}

int caught(shape s, int seeds) {
  int out = 0;
  for (int i = 1; i <= seeds; ++i) {
    s.seed = i;
    out += run(s).empty() ? 0 : 1;
  }
  return out;
}

/// The purged results of one window without end: each event in exactly one of them.
std::vector<sample::outcome> purged(shape s) {
  s.assigner = "endless";
  s.purge = true;
  std::vector<sample::outcome> output;
  if (const auto wrong = sample::simulate(topology_of(s), s, output); !wrong.empty()) qFatal("%s", wrong.c_str());
  return output;
}

using planner_harness = testing::actor_harness<planner>;

std::vector<std::int64_t> counts_of(planner_harness& h) {
  std::vector<std::int64_t> out;
  for (const auto& o : h.take<sample::outcome>("out")) out.push_back(o.nth);
  return out;
}
sample::reading reading_at(std::int64_t at_ms) {
  return {"a", 0, 0, 1, {at_ms * ms}};
}

std::pair<std::string, std::string> unit_of(calendar_unit unit, std::int64_t unix_s, std::chrono::nanoseconds ahead) {
  std::vector<time_window> windows;
  calendar(unit, ahead)({unix_s * 1'000 * ms}, windows);
  const auto text = [](event_time t) {
    return QDateTime::fromSecsSinceEpoch(t.ns / 1'000'000'000, Qt::UTC).toString("yyyy-MM-dd HH:mm").toStdString();
  };
  return {text(windows.at(0).start), text(windows.at(0).end)};
}

}  // namespace

class assigned_windows_test : public QObject {
  Q_OBJECT
private slots:
  void holdWhatTheirProducerHadNotDeclaredComplete() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 1000; ++seed) {
      const auto wrong = run(random_shape(seed));
      if (!wrong.empty()) QFAIL(wrong.c_str());
    }
  }
  void oracleSeesAWatermarkThatTakesTheMaximum() {
    shape s;
    s.protect.slowest_input_rules = false;
    QVERIFY(caught(s, 10) > 0);
  }
  void oracleSeesWindowsLostInARecovery() {
    shape s;
    s.crashes = 2;
    s.keys = 60;  // some never have another event
    s.protect.rebuild_firings = false;
    QVERIFY(caught(s, 10) > 0);
  }

  void aTriggerByCountThatPurgesPutsEachEventInOneResult() {
    for (int seed = 1; seed <= 100; ++seed) {
      shape s;
      s.seed = seed;
      s.crashes = seed % 3;
      s.events = 7;
      std::int64_t events = 0;
      for (const auto& o : purged(s)) {
        QVERIFY(o.what == "early" ? o.nth == 7 : o.nth < 7);
        events += o.nth;
      }
      QCOMPARE(events, s.producers * s.count);
    }
  }
  void aTriggerByValueSendsWhatMadeItTrue() {
    for (int seed = 1; seed <= 100; ++seed) {
      shape s;
      s.seed = seed;
      s.crashes = seed % 3;
      s.above = 200;
      std::int64_t events = 0;
      for (const auto& o : purged(s)) {
        QVERIFY(o.what == "early" ? o.sum > 200 && o.sum < 300 : o.sum <= 200);
        events += o.nth;
      }
      QCOMPARE(events, s.producers * s.count);
    }
  }
  void aTriggerByTimeFollowsTheWatermark() {
    planner_harness h{{.params = {{"assigner", "endless"}, {"every_ms", 10}}}};
    h.push_all(std::vector{reading_at(1), reading_at(2)});
    h.watermark({8 * ms});
    QCOMPARE(counts_of(h), std::vector<std::int64_t>{});
    h.watermark({10 * ms});
    QCOMPARE(counts_of(h), std::vector<std::int64_t>{2});
    h.watermark({30 * ms});
    QCOMPARE(counts_of(h), std::vector<std::int64_t>{});
    h.push(reading_at(35));
    h.restore(h.snapshot());
    h.watermark({40 * ms});
    QCOMPARE(counts_of(h), std::vector<std::int64_t>{3});
    h.end_of_input();
    QCOMPARE(counts_of(h), std::vector<std::int64_t>{3});
  }

  void calendarUnitsBeginWherePeopleSay() {
    using answer_pair = std::pair<std::string, std::string>;
    constexpr std::int64_t at = 1'709'251'199;  // 2024-02-29 23:59:59, a Thursday
    QCOMPARE(unit_of(calendar_unit::day, at, 0s), (answer_pair{"2024-02-29 00:00", "2024-03-01 00:00"}));
    QCOMPARE(unit_of(calendar_unit::week, at, 0s), (answer_pair{"2024-02-26 00:00", "2024-03-04 00:00"}));
    QCOMPARE(unit_of(calendar_unit::month, at, 0s), (answer_pair{"2024-02-01 00:00", "2024-03-01 00:00"}));
    QCOMPARE(unit_of(calendar_unit::quarter, at, 0s), (answer_pair{"2024-01-01 00:00", "2024-04-01 00:00"}));
    QCOMPARE(unit_of(calendar_unit::year, at, 0s), (answer_pair{"2024-01-01 00:00", "2025-01-01 00:00"}));
    QCOMPARE(unit_of(calendar_unit::month, at, 1h), (answer_pair{"2024-02-29 23:00", "2024-03-31 23:00"}));
    QCOMPARE(unit_of(calendar_unit::month, -1, 0s), (answer_pair{"1969-12-01 00:00", "1970-01-01 00:00"}));
  }
  void calendarUnitsHoldEveryTime() {
    random_source r{5};
    for (int i = 0; i < 20'000; ++i) {
      const event_time at{static_cast<std::int64_t>(r())};
      for (const auto unit : {calendar_unit::day, calendar_unit::week, calendar_unit::month, calendar_unit::quarter,
                              calendar_unit::year}) {
        std::vector<time_window> windows;
        calendar(unit)(at, windows);
        QVERIFY(windows.size() == 1 && windows[0].start <= at && at < windows[0].end);
      }
    }
  }

  void keptEventsAreTheNewestWhateverWayTheyAreMerged() {
    random_source r{9};
    for (int round = 0; round < 500; ++round) {
      std::vector<std::pair<std::int64_t, std::int64_t>> all;
      for (auto n = 1 + r.below(30); n != 0; --n) {
        all.emplace_back(static_cast<std::int64_t>(r.below(20)), static_cast<std::int64_t>(n));
      }
      const auto in_parts = [&](auto whole) {
        for (std::size_t i = 0; i < all.size();) {
          decltype(whole) part;
          for (auto n = r.below(6); n != 0 && i < all.size(); --n, ++i) {
            part.add({all[i].first * ms}, all[i].second);
          }
          whole.merge(part);
        }
        std::vector<std::int64_t> records;
        for (const auto& e : whole.entries()) records.push_back(e.record);
        return records;
      };
      auto sorted = all;
      std::ranges::stable_sort(sorted, {}, [](const auto& e) { return e.first; });
      std::vector<std::int64_t> newest;
      for (auto i = sorted.size() - std::min<std::size_t>(4, sorted.size()); i < sorted.size(); ++i) {
        newest.push_back(sorted[i].second);
      }
      std::vector<std::int64_t> recent;
      for (const auto& [at, record] : sorted) {
        if (at > sorted.back().first - 5) recent.push_back(record);
      }
      QCOMPARE(in_parts(newest_events<std::int64_t, 4>{}), newest);
      QCOMPARE(in_parts(recent_events<std::int64_t, 5>{}), recent);
    }
  }
  void refusesAnAssignerThatMissesItsEvent() {
    struct wrong final : processor {
      in<sample::reading> readings{this, "in", &wrong::on_reading, {.key = &sample::reading::key}};
      assigned_windows<sample::total> w{this,
                                        "w",
                                        [](event_time at, std::vector<time_window>& windows) {
                                          windows.push_back({at + 1ns, at + 2ns});
                                        },
                                        {},
                                        &wrong::on_window};
      void on_reading(context& c, const sample::reading& r) {
        (void)w.add(c, r.at, [](sample::total& t) { ++t.n; });
      }
      void on_window(context&, const window_result<sample::total>&) {}
    };
    testing::actor_harness<wrong> h{{.on_failure = {.action = failure_action::stop}}};
    QVERIFY_EXCEPTION_THROWN(h.push(reading_at(1)), testing::actor_failed);
  }
};

QTEST_APPLESS_MAIN(assigned_windows_test)
#include "assigned_windows_test.moc"
