#include "random_pattern.hpp"

#include <algorithm>

namespace trial {

namespace {

using millrace::event_time;
using millrace::random_source;
using millrace::patterns::automaton;
using millrace::patterns::chain;
using millrace::patterns::contiguity;
using millrace::patterns::definition;
using millrace::patterns::skip_rule;
using millrace::patterns::stage;
using relation = condition::relation;

constexpr std::uint32_t kinds = 3;

contiguity random_contiguity(random_source& random) {
  return static_cast<contiguity>(random.below(3));
}

stage random_stage(random_source& random, std::size_t i) {
  stage s{.name = std::string(1, static_cast<char>('a' + i))};
  s.follows = random_contiguity(random);
  s.inner = random_contiguity(random);
  if (i != 0 && random.below(5) == 0) {
    s.is_negative = true;
    if (s.follows == contiguity::any) s.follows = contiguity::relaxed;
    return s;
  }
  switch (random.below(6)) {
    case 0:
      s.min = 0;
      break;
    case 1:
      s.max = millrace::patterns::unbounded;
      break;
    case 2:
      s.min = s.max = 2;
      break;
    case 3:
      s.min = static_cast<std::uint32_t>(random.below(3));
      s.max = s.min + 1 + static_cast<std::uint32_t>(random.below(2));
      break;
    default:
      break;
  }
  s.is_greedy = random.below(4) == 0;
  return s;
}

condition random_condition(random_source& random, std::size_t stages) {
  condition c{.kinds = 1U << random.below(kinds)};
  if (random.below(3) == 0) c.kinds |= 1U << random.below(kinds);
  if (random.below(3) == 0) c.how = static_cast<relation>(random.below(5));
  c.stage = random.below(stages);
  return c;
}

definition random_definition(random_source& random) {
  definition d;
  const auto stages = 1 + random.below(4);
  for (std::size_t i = 0; i < stages; ++i) d.stages.push_back(random_stage(random, i));
  if (random.below(2) == 0) d.within = std::chrono::nanoseconds{1 + static_cast<std::int64_t>(random.below(8))};
  if (random.below(2) == 0) d.skip = static_cast<skip_rule>(random.below(5));
  d.skip_stage = d.stages[random.below(stages)].name;
  return d;
}

bool holds(const condition& c, const event& e, const event* last, const event* first, const event* first_of,
           std::size_t count) {
  if ((c.kinds >> e.kind & 1U) == 0) return false;
  switch (c.how) {
    case relation::none:
      return true;
    case relation::above_last:
      return last == nullptr || e.value > last->value;
    case relation::above_first:
      return first == nullptr || e.value > first->value;
    case relation::above_first_of:
      return first_of == nullptr || e.value > first_of->value;
    case relation::odd_count_of:
      return count % 2 == 1;
  }
  return false;
}

struct watcher final : millrace::patterns::conditions, millrace::patterns::match_listener {
  watcher(const pattern_case& c, const millrace::patterns::key_matches<event>& k) : p{c}, key{k} {}
  [[nodiscard]] bool is_simple(std::uint32_t s) const override { return p.conditions[s].how == relation::none; }
  [[nodiscard]] bool holds(std::uint32_t s, const chain& earlier) const override {
    const auto& c = p.conditions[s];
    const auto other = static_cast<std::uint32_t>(c.stage);
    const auto at = [&](const millrace::patterns::node* n) { return n == nullptr ? nullptr : &key.events()[n->event]; };
    return trial::holds(c, *current, at(earlier.tip()), at(earlier.first()), at(earlier.first_of(other)),
                        earlier.count_of(other));
  }
  void on_match(const chain& events, event_time) override { out.push_back({false, positions(events)}); }
  void on_timeout(const chain& events, event_time) override {
    if (loses_timeout) {
      loses_timeout = false;
      return;
    }
    out.push_back({true, positions(events)});
  }
  [[nodiscard]] std::vector<taken> positions(const chain& events) const {
    std::vector<taken> all;
    // By the events' numbers: a store's positions start anew when nothing is left in it.
    for (const auto* n : events.nodes()) {
      all.push_back({n->stage, static_cast<std::size_t>(key.events()[n->event].number)});
    }
    return all;
  }
  const pattern_case& p;
  const millrace::patterns::key_matches<event>& key;
  const event* current = nullptr;
  bool loses_timeout = false;
  std::vector<outcome> out;
};

}  // namespace

pattern_case random_pattern(random_source& random) {
  for (;;) {
    pattern_case p{random_definition(random), {}};
    if (p.what.problem()) continue;
    for (std::size_t i = 0; i < p.what.stages.size(); ++i) {
      p.conditions.push_back(random_condition(random, p.what.stages.size()));
    }
    return p;
  }
}

std::vector<event> random_events(random_source& random, std::size_t count) {
  std::vector<event> events;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at += static_cast<std::int64_t>(random.below(4));
    events.push_back({static_cast<std::int64_t>(random.below(kinds)),
                      static_cast<std::int64_t>(random.below(9)),
                      {at},
                      static_cast<std::int64_t>(i) + 1});
  }
  return events;
}

judge judge_of(const pattern_case& p, const std::vector<event>& events) {
  return [&](std::size_t s, const event& e, const std::vector<taken>& earlier) {
    const auto& c = p.conditions[s];
    const auto at = [&](const taken& t) { return &events[t.position - 1]; };
    const auto first_of = std::ranges::find(earlier, c.stage, &taken::stage);
    return holds(c, e, earlier.empty() ? nullptr : at(earlier.back()), earlier.empty() ? nullptr : at(earlier.front()),
                 first_of == earlier.end() ? nullptr : at(*first_of),
                 static_cast<std::size_t>(std::ranges::count(earlier, c.stage, &taken::stage)));
  };
}

std::vector<outcome> run_matcher(const pattern_case& p, const std::vector<event>& events, matcher_run& how) {
  const automaton a{p.what};
  millrace::patterns::matcher by{a, how.limits};
  millrace::patterns::key_matches<event> key;
  key.belong_to(a);
  watcher w{p, key};
  w.loses_timeout = how.loses_first_timeout;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == how.copy_at) {
      millrace::byte_buffer bytes;
      millrace::msgpack::writer out{bytes};
      millrace::encode(out, key);
      key = {};
      millrace::msgpack::reader in{bytes.view()};
      if (!millrace::decode(in, key) || !in.at_end()) return {};
      key.belong_to(a);
    }
    w.current = &events[i];
    key.feed(by, events[i], events[i].at, w, w);
    how.most_partials = std::max(how.most_partials, key.store().partials().size());
    how.most_nodes = std::max(how.most_nodes, key.store().nodes_in_use());
    // The watermark may pass between events.
    if (i + 1 < events.size() && events[i + 1].at > events[i].at && i % 3 == 0) key.expire(by, events[i].at, w);
  }
  key.expire(by, event_time::max(), w);
  key.finish(by, w);
  return std::move(w.out);
}

std::string text_of(const pattern_case& p) {
  constexpr const char* follows[] = {"next", "followed by", "followed by any"};
  constexpr const char* inner[] = {"consecutive", "", "any"};
  std::string text;
  for (std::size_t i = 0; i < p.what.stages.size(); ++i) {
    const auto& s = p.what.stages[i];
    const auto& c = p.conditions[i];
    if (s.is_negative) text += "not ";
    text += std::string{follows[static_cast<int>(s.follows)]} + " " + s.name;
    text +=
        "{" + std::to_string(s.min) + "," + (s.max == millrace::patterns::unbounded ? "" : std::to_string(s.max)) + "}";
    text += std::string{inner[static_cast<int>(s.inner)]} + (s.is_greedy ? " greedy" : "");
    text += "(kinds " + std::to_string(c.kinds) + " relation " + std::to_string(static_cast<int>(c.how)) + " " +
            std::to_string(c.stage) + ") ";
  }
  if (p.what.within) text += "within " + std::to_string(p.what.within->count());
  return text + " skip " + std::to_string(static_cast<int>(p.what.skip)) + " " + p.what.skip_stage;
}

std::string text_of(const std::vector<event>& events) {
  std::string text;
  for (const auto& e : events) {
    text += std::to_string(e.kind) + "/" + std::to_string(e.value) + "@" + std::to_string(e.at.ns) + " ";
  }
  return text;
}

}  // namespace trial
