#include "spotter.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/sample_topology.hpp"
#include "millrace/pattern_matcher.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"

namespace spotting {

using namespace millrace;
using sample::outcome;
using sample::reading;

namespace {

/// A low value, then as many higher ones as come, then one more than twice the low one; nothing tiny in between.
pattern<reading> rise() {
  return pattern<reading>::begin("low", [](const reading& r) { return r.amount < 120; })
      .followed_by("up",
                   [](const reading& r, const match<reading>& so_far) { return r.amount > so_far.last()->amount; })
      .zero_or_more()
      .not_followed_by("tiny", [](const reading& r) { return r.amount < 10; })
      .followed_by_any("high", [](const reading& r,
                                  const match<reading>& so_far) { return r.amount > 2 * so_far.first("low")->amount; })
      .within(std::chrono::milliseconds{30})
      .skip_to_next();
}

std::int64_t number_of(const reading& r) {
  return r.source * 1'000'000 + r.number;
}

outcome outcome_of(const std::string& what, const std::string& key, std::int64_t ordinal,
                   const std::vector<const reading*>& events) {
  outcome o{what, key, ordinal, number_of(*events.front()), number_of(*events.back())};
  o.nth = static_cast<std::int64_t>(events.size());
  for (const auto* e : events) o.sum = o.sum * 31 + number_of(*e);
  return o;
}

}  // namespace

/// Results carry their place among those of their key, so that their order is compared, too.
class spotter final : public processor {
public:
  in<reading> readings{this, "in", &spotter::on_reading, {.key = &reading::key}};
  out<outcome> results{this, "out"};
  keyed_value<std::int64_t> ordinal{this, "ordinal"};
  pattern_matcher<reading> rises{this,
                                 "rises",
                                 rise(),
                                 {.event_time = &reading::at,
                                  .tie = &reading::source,
                                  .on_match = &spotter::on_rise,
                                  .on_timeout = &spotter::on_stuck}};

  void on_reading(context& c, const reading& r) {
    if (!rises.add(c, r)) throw std::logic_error("a reading is late");
  }
  void on_rise(context&, const match<reading>& m) { send("match", m); }
  void on_stuck(context&, const match<reading>& m, event_time) { send("timeout", m); }
  void send(const char* what, const match<reading>& m) {
    results.emit(outcome_of(what, m.first()->key, (*ordinal)++, m.all()));
  }
};
MILLRACE_ACTOR(spotter, {.id = "sim.spotter", .title = "Spotter"})

patterns::definition spotted() {
  return rise().what();
}

std::vector<outcome> expected_output(const shape& s, bool loses_timeouts) {
  std::map<std::string, std::vector<reading>> by_key;
  for (std::int64_t source = 0; source < s.producers - s.silent; ++source) {
    for (std::int64_t n = 0; n < s.count; ++n) {
      auto r = sample::reading_of(source, n, s.keys, s.skew);
      by_key[r.key].push_back(r);
    }
  }
  std::vector<outcome> all;
  for (auto& [key, readings] : by_key) {
    std::ranges::stable_sort(readings, [](const reading& a, const reading& b) {
      return std::tie(a.at, a.source) < std::tie(b.at, b.source);
    });
    std::vector<trial::event> events;
    for (const auto& r : readings) events.push_back({0, r.amount, r.at, 0});
    const trial::judge meets = [&](std::size_t stage, const trial::event& e, const std::vector<trial::taken>& earlier) {
      const auto value = [&](const trial::taken& t) { return events[t.position - 1].value; };
      if (stage == 0) return e.value < 120;
      if (stage == 1) return e.value > value(earlier.back());
      return stage == 2 ? e.value < 10 : e.value > 2 * value(earlier.front());
    };
    std::int64_t ordinal = 0;
    for (const auto& o : trial::brute_force(spotted(), events, meets)) {
      if (o.is_timeout && loses_timeouts) continue;
      std::vector<const reading*> taken;
      for (const auto& t : o.events) taken.push_back(&readings[t.position - 1]);
      all.push_back(outcome_of(o.is_timeout ? "timeout" : "match", key, ordinal++, taken));
    }
  }
  return sample::sorted(std::move(all));
}

}  // namespace spotting
