#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "millrace/detail/nearest.hpp"
#include "millrace/producer.hpp"
#include "millrace/router.hpp"
#include "millrace/sink.hpp"
#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

bool is_mesh(const graph& g, const graph_stream& s) {
  return g.source(s).is(actor_kind::router) && s.output != engine::actor_access::dead_index;
}

/// What two runs over the same input have in common at one point of a topology.
struct sameness {
  enum class level : std::uint8_t {
    in_order,  ///< each partition handles the same events in the same order
    per_key,   ///< each key's events come in the same order
    multiset,  ///< the same events, in any order
  };
  level holds = level::in_order;
  bool by_key = false;      ///< partitions are chosen by key
  std::string timers_of{};  ///< actor whose timers make the results
  std::string why{};        ///< for multiset: where the order is lost
};

sameness after_stream(const graph& g, const graph_stream& s, sameness before) {
  const auto& from = g.source(s);
  if (is_mesh(g, s)) {
    if (from.parallelism == 1) {
      before.by_key = static_cast<const router&>(*from.probe).routes_by_key();
      return before;
    }
    before.holds = sameness::level::multiset;
    before.why = "events reach each partition of '" + g.target(s).name() + "' over " +
                 std::to_string(from.parallelism) + " channels";
    return before;
  }
  if (from.parallelism == g.target(s).parallelism || before.holds == sameness::level::multiset) return before;
  before.holds = before.by_key ? sameness::level::per_key : sameness::level::multiset;
  before.why = "'" + g.target(s).name() + "' gathers " + std::to_string(from.parallelism) + " partitions";
  return before;
}

sameness at_actor(const graph& g, const graph_actor& a, const std::vector<sameness>& before) {
  sameness s;
  if (a.into.size() == 1) {
    const auto& stream = g.streams[a.into.front()];
    s = after_stream(g, stream, before[stream.from]);
  } else if (!a.into.empty()) {
    s.holds = sameness::level::multiset;
    s.why = "'" + a.name() + "' takes " + std::to_string(a.into.size()) + " streams as they come";
    for (const auto i : a.into) {
      const auto& earlier = before[g.streams[i].from].timers_of;
      if (s.timers_of.empty()) s.timers_of = earlier;
    }
  }
  if (a.is(actor_kind::processor) && !engine::actor_access::timers(*a.probe).empty()) s.timers_of = a.name();
  return s;
}

equality equality_of(const sameness& s) {
  if (!s.timers_of.empty()) return equality::sorted;
  switch (s.holds) {
    case sameness::level::in_order:
      return equality::in_order;
    case sameness::level::per_key:
      return equality::in_order_per_key;
    case sameness::level::multiset:
      break;
  }
  return equality::multiset;
}

std::string text_of(const sameness& s) {
  if (!s.timers_of.empty()) {
    return "after sorting: results of '" + s.timers_of + "' come when its timers fire, in no fixed order among keys";
  }
  switch (s.holds) {
    case sameness::level::in_order:
      return "in order: one channel feeds each partition";
    case sameness::level::per_key:
      return "in order per key: one channel feeds each key, and " + s.why;
    case sameness::level::multiset:
      break;
  }
  return "as a multiset: " + s.why;
}

/// Names of the producers of one kind that reach an actor.
std::vector<std::string> producers_of(const graph& g, std::uint32_t actor, replay wanted) {
  std::set<std::uint32_t> seen{actor};
  std::vector<std::uint32_t> open{actor};
  std::vector<std::string> names;
  while (!open.empty()) {
    const auto& a = g.actors[open.back()];
    open.pop_back();
    if (a.is(actor_kind::producer) && static_cast<const producer&>(*a.probe).replays() == wanted)
      names.push_back(a.name());
    for (const auto s : a.into) {
      if (seen.insert(g.streams[s].from).second) open.push_back(g.streams[s].from);
    }
  }
  std::ranges::sort(names);
  return names;
}

sink_guarantee promise_of(const graph& g, std::uint32_t index) {
  const auto& a = g.actors[index];
  const auto delivers = static_cast<const sink&>(*a.probe).delivers();
  const auto live = producers_of(g, index, replay::live);
  const bool writes_once = delivers != delivery::at_least_once;
  const std::string kind = std::string{to_string(delivers)} + " sink";
  if (!live.empty()) {
    // Neither bound holds for a live producer and a sink that repeats; losing is the worse of the two.
    return {a.name(),
            guarantee::at_most_once,
            "at most once for what the live " + std::string{live.size() == 1 ? "producer " : "producers "} +
                quoted_list(live) + " lost in a crash; " + (writes_once ? "exactly once" : "at least once") +
                " from the last snapshot on (" + kind + ")",
            {}};
  }
  const auto holds = writes_once ? guarantee::exactly_once : guarantee::at_least_once;
  const auto logged = producers_of(g, index, replay::logged);
  const auto all = logged.empty()                                       ? "replayable producers, "
                   : producers_of(g, index, replay::replayable).empty() ? "logged producers, "
                                                                        : "replayable and logged producers, ";
  return {a.name(), holds, all + kind, {}};
}

void warn_if_weaker(graph& g, const sink_guarantee& s) {
  const auto wanted = g.spec.settings.promise;
  if (s.holds >= wanted) return;
  g.problems.warning(
      s.sink, std::string{"settings.guarantee is "} + to_string(wanted) + ", but this sink gives less: " + s.why,
      "take replayable or logged producers and a transactional or idempotent sink, or set settings.guarantee to \"" +
          std::string{to_string(s.holds)} + "\"");
}

}  // namespace

std::vector<sink_guarantee> find_guarantees(graph& g) {
  std::vector<sameness> same(g.actors.size());
  for (const auto a : g.order) same[a] = at_actor(g, g.actors[a], same);
  std::vector<sink_guarantee> found;
  for (std::uint32_t a = 0; a < g.actors.size(); ++a) {
    if (!g.actors[a].is(actor_kind::sink)) continue;
    auto s = promise_of(g, a);
    warn_if_weaker(g, s);
    if (s.holds > g.spec.settings.promise) {
      s.holds = g.spec.settings.promise;
      s.why += std::string{"; settings.guarantee asks for no more than "} + to_string(s.holds);
    }
    s.equal = text_of(same[a]);
    s.compares = equality_of(same[a]);
    found.push_back(std::move(s));
  }
  return found;
}

}  // namespace millrace::detail
