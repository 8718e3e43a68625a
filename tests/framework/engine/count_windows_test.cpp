// Windows by count against an oracle that deals each key's events out in the order they were read.
#include "millrace/count_windows.hpp"
#include "millrace/param.hpp"
#include "millrace/registry.hpp"
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

class dealer final : public processor {
public:
  in<sample::reading> readings{this, "in", &dealer::on_reading, {.key = &sample::reading::key}};
  out<sample::outcome> results{this, "out"};
  count_windows<sample::total> hands{this, "hands", &dealer::on_hand};
  param<std::int64_t> events{this, "events", 5};
  param<std::int64_t> slide{this, "slide", 0};
  param<std::int64_t> idle{this, "idle_ms", 0};

  result<void> configure(wiring&) override {
    return hands.set({.events = static_cast<std::uint32_t>(*events),
                      .slide = static_cast<std::uint32_t>(*slide),
                      .idle = std::chrono::milliseconds{*idle}});
  }
  void on_reading(context& c, const sample::reading& r) {
    hands.add(c, r.at, [&](sample::total& t) {
      ++t.n;
      t.sum += r.amount;
    });
  }
  void on_hand(context& c, const window_result<sample::total>& r) {
    results.emit({r.why == window_firing::complete ? "complete" : "incomplete", c.key<std::string>(), r.window.end.ns,
                  r.window.start.ns, -1, r.value.n, r.value.sum});
  }
};
MILLRACE_ACTOR(dealer, {.id = "count.dealer", .title = "Dealer"})

struct shape : sample::stream_shape {
  std::int64_t events = 5, slide = 0, idle = 0;
};

topology topology_of(const shape& s) {
  topology t;
  t.name = "count-windows";
  t.settings.snapshot_interval = 10ms;
  sample::add_source(t, s);
  t.add("route", "sim.by_key", {}, s.producers);
  t.add("dealer", "count.dealer", {{"events", s.events}, {"slide", s.slide}, {"idle_ms", s.idle}}, 3);
  t.add("store", "sim.sink", {}, 3);
  return t.connect("source", "route").connect("route", "dealer").connect("dealer", "store");
}

/// What, key, start, end, events, sum.
using hand = std::tuple<std::string, std::string, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

hand hand_of(const std::string& what, const std::string& key, std::span<const sample::reading> events) {
  const auto [first, last] = std::ranges::minmax(events, {}, &sample::reading::at);
  std::int64_t sum = 0;
  for (const auto& e : events) sum += e.amount;
  return {what, key, first.at.ns, last.at.ns + 1, static_cast<std::int64_t>(events.size()), sum};
}

/// The hands of one key while it was not over.
void deal(const shape& s, const std::string& key, std::span<const sample::reading> events, std::multiset<hand>& out) {
  const auto size = static_cast<std::size_t>(s.events);
  const auto slide = static_cast<std::size_t>(s.slide == 0 ? s.events : s.slide);
  std::size_t start = 0;
  std::size_t shown = 0;
  for (; start + size <= events.size(); start += slide) {
    out.insert(hand_of("complete", key, events.subspan(start, size)));
    shown = start + size;
  }
  if (shown < events.size()) out.insert(hand_of("incomplete", key, events.subspan(start)));
}

/// Of one producer: the order in which a key's events come is that in which they are read.
std::multiset<hand> expected(const shape& s) {
  std::map<std::string, std::vector<sample::reading>> of_key;
  std::multiset<hand> out;
  auto newest = event_time::min().ns;
  for (std::int64_t n = 0; n < s.count; ++n) {
    const auto e = sample::event_of(s, 0, n);
    const auto complete = newest == event_time::min().ns ? newest : newest - disorder_ms * ms - 1;
    newest = std::max(newest, e.at.ns);
    auto& before = of_key[e.key];
    if (s.idle != 0 && !before.empty()) {
      const auto over = std::ranges::max(before, {}, &sample::reading::at).at.ns + s.idle * ms;
      const bool is_late = e.at.ns <= complete;
      if (e.at.ns >= over || (is_late && complete >= over)) {
        deal(s, e.key, before, out);
        before.clear();
      }
    }
    before.push_back(e);
  }
  for (const auto& [key, events] : of_key) deal(s, key, events, out);
  return out;
}

std::string run(const shape& s) {
  std::vector<sample::outcome> output;
  if (auto wrong = sample::simulate(topology_of(s), s, output); !wrong.empty()) return wrong;
  std::multiset<hand> got;
  for (const auto& o : output) got.emplace(o.what, o.key, o.number, o.source, o.nth, o.sum);
  const auto want = expected(s);
  if (got == want) return {};
  return "seed " + std::to_string(s.seed) + " (" + std::to_string(s.events) + " by " + std::to_string(s.slide) +
         ", idle " + std::to_string(s.idle) + ", crashes " + std::to_string(s.crashes) +
         "): " + std::to_string(got.size()) + " windows, not the " + std::to_string(want.size()) + " that should be";
}

shape random_shape(std::uint64_t seed) {
  random_source r{seed * 13 + 7};
  shape s;
  static_cast<support::stream_shape&>(s) = support::random_stream(seed, r, {30, 230});
  s.producers = 1;
  s.silent = 0;
  s.events = 1 + static_cast<std::int64_t>(r.below(12));
  s.slide = static_cast<std::int64_t>(r.below(static_cast<std::uint64_t>(s.events) + 1));
  s.idle = r.below(2) == 0 ? 0 : 10 + static_cast<std::int64_t>(r.below(60));
  return s;
}

}  // namespace

class count_windows_test : public QObject {
  Q_OBJECT
private slots:
  void holdSoManyEventsInTheOrderTheyCome() {
    const auto first = testing::seed_from_environment(1);
    for (std::uint64_t seed = first; seed < first + 1000; ++seed) {
      const auto wrong = run(random_shape(seed));
      if (!wrong.empty()) QFAIL(wrong.c_str());
    }
  }
  void everyEventIsInOneWindowWhoeverReadIt() {
    for (int seed = 1; seed <= 50; ++seed) {
      shape s;
      s.seed = seed;
      s.producers = 3;
      s.crashes = seed % 3;
      std::vector<sample::outcome> output;
      QCOMPARE(sample::simulate(topology_of(s), s, output), std::string{});
      std::int64_t events = 0;
      for (const auto& o : output) {
        QVERIFY(o.what == "complete" ? o.nth == s.events : o.nth < s.events);
        events += o.nth;
      }
      QCOMPARE(events, s.producers * s.count);
    }
  }
  void oracleSeesWindowsLostInARecovery() {
    int caught = 0;
    for (int seed = 1; seed <= 10; ++seed) {
      shape s;
      s.seed = seed;
      s.producers = 1;
      s.keys = 60;  // some never have another event
      s.crashes = 2;
      s.protect.rebuild_firings = false;
      caught += run(s).empty() ? 0 : 1;
    }
    QVERIFY(caught > 0);
  }
  void refusesWhatIsNoWindow() {
    QVERIFY(!check(count_spec{}));
    QVERIFY(!check({.events = 5, .slide = 6}));
    QVERIFY(!check({.events = 1'000'003, .slide = 1'000'002}));
    QVERIFY(!check({.events = 5, .idle = -1s}));
    QVERIFY(check({.events = 5}));
    QVERIFY(check({.events = 1'000'000, .slide = 1'000}));
  }
};

QTEST_APPLESS_MAIN(count_windows_test)
#include "count_windows_test.moc"
