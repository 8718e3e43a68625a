#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "millrace/detail/nearest.hpp"
#include "millrace/engine/partials.hpp"
#include "validation/graph.hpp"

namespace millrace::detail {

std::string graph::input_name(const graph_stream& s) const {
  return target(s).name() + "." + target(s).inputs()[s.input]->name();
}
std::string graph::output_name(const graph_stream& s) const {
  return source(s).name() + "." + source(s).outputs()[s.output]->name();
}

namespace {

using actor_index = std::map<std::string, std::uint32_t>;

std::string text_of(const stream_spec& s) {
  return s.from_actor + "." + s.from_port + " -> " + s.to_actor + "." + s.to_port;
}

const std::uint32_t* find_actor(graph& g, const actor_index& by_name, const stream_spec& s, const std::string& name) {
  const auto at = by_name.find(name);
  if (at != by_name.end()) return &at->second;
  std::vector<std::string> names;
  for (const auto& [known, unused] : by_name) names.push_back(known);
  const auto near = nearest(name, names);
  g.problems.error(text_of(s), "there is no actor '" + name + "'",
                   near.empty() ? "add it, or name one of: " + quoted_list(names) : "did you mean '" + near + "'?");
  return nullptr;
}

/// The port's index. Says so when there is none of the name; silent when the actor's type is not known.
template <class Ports>
bool find_port(graph& g, const stream_spec& s, const std::string& actor, const Ports& ports, const std::string& name,
               const char* what, std::uint32_t& index) {
  const auto at = std::ranges::find(ports, name, [](const auto* p) { return p->name(); });
  index = static_cast<std::uint32_t>(at - ports.begin());
  if (at != ports.end()) return true;
  std::vector<std::string> names;
  for (const auto* p : ports) names.push_back(p->name());
  g.problems.error(text_of(s), "actor '" + actor + "' has no " + what + " '" + name + "'",
                   "it has: " + quoted_list(names) + did_you_mean(name, names));
  return false;
}

void add_stream(graph& g, const actor_index& by_name, std::uint32_t index) {
  const auto& s = g.spec.streams[index];
  const auto* from = find_actor(g, by_name, s, s.from_actor);
  const auto* to = find_actor(g, by_name, s, s.to_actor);
  graph_stream stream{.index = index};
  bool is_whole = from != nullptr && to != nullptr;
  if (from != nullptr) {
    auto& a = g.actors[stream.from = *from];
    is_whole &= a.probe != nullptr && find_port(g, s, a.name(), a.outputs(), s.from_port, "output", stream.output);
  }
  if (to != nullptr) {
    auto& a = g.actors[stream.to = *to];
    is_whole &= a.probe != nullptr && find_port(g, s, a.name(), a.inputs(), s.to_port, "input", stream.input);
  }
  if (!is_whole) {
    // What arrives or leaves cannot be told: anything said about it would be a consequence of this mistake.
    if (from != nullptr) g.actors[*from].has_broken_stream = true;
    if (to != nullptr) g.actors[*to].has_broken_stream = g.actors[*to].has_failed = true;
    return;
  }
  const auto at = static_cast<std::uint32_t>(g.streams.size());
  g.actors[stream.from].out_of.push_back(at);
  g.actors[stream.to].into.push_back(at);
  g.streams.push_back(std::move(stream));
}

void check_twice(graph& g) {
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> seen;
  for (const auto& s : g.streams) {
    if (seen.insert({s.from, s.output, s.to, s.input}).second) continue;
    g.problems.error(text_of(g.spec.streams[s.index]), "the stream is there twice",
                     "remove one: each event would arrive twice");
  }
}

void check_connected(graph& g, graph_actor& a) {
  const auto has_stream_into = [&](std::uint32_t port) {
    return std::ranges::any_of(a.into, [&](std::uint32_t s) { return g.streams[s].input == port; });
  };
  const auto has_stream_from = [&](std::uint32_t port) {
    return std::ranges::any_of(a.out_of, [&](std::uint32_t s) { return g.streams[s].output == port; });
  };
  if (a.has_broken_stream) return;
  for (std::uint32_t i = 0; i < a.inputs().size(); ++i) {
    if (has_stream_into(i)) continue;
    if (a.role == engine::salt_role::merges && a.inputs()[i]->name() != engine::partials_port) continue;
    g.problems.error(a.name() + "." + a.inputs()[i]->name(), "no stream leads into this input",
                     "connect an output to it, or remove the actor");
    a.has_failed = true;
  }
  for (std::uint32_t i = 0; i < a.outputs().size(); ++i) {
    if (i == engine::actor_access::dead_index || a.outputs()[i]->is_optional() || has_stream_from(i)) continue;
    if (a.role == engine::salt_role::collects) continue;
    const auto where = a.name() + "." + a.outputs()[i]->name();
    if (a.is(actor_kind::router)) {
      g.problems.error(where, "the router leads nowhere", "connect its output, or remove the router");
    } else {
      g.problems.warning(where, "no stream leaves this output: what is emitted there is dropped",
                         "connect it to an input if the records matter");
    }
  }
}

/// Walks back from an actor that could not be ordered until one comes up again: that is the cycle.
void report_cycle(graph& g, std::uint32_t start, const std::vector<std::uint32_t>& waits_for) {
  std::vector<std::uint32_t> path{start};
  for (;;) {
    const auto& into = g.actors[path.back()].into;
    const auto at = std::ranges::find_if(into, [&](std::uint32_t s) { return waits_for[g.streams[s].from] != 0; });
    const auto next = g.streams[*at].from;
    const auto seen = std::ranges::find(path, next);
    if (seen == path.end()) {
      path.push_back(next);
      continue;
    }
    std::string text = g.actors[next].name();
    for (auto i = path.end(); i != seen;) text += " -> " + g.actors[*--i].name();
    g.problems.error(g.actors[next].name(), "the streams form a cycle: " + text,
                     "remove one of these streams: a topology flows one way");
    return;
  }
}

/// Orders the actors upstream first (Kahn 1962).
void order_actors(graph& g) {
  std::vector<std::uint32_t> waits_for(g.actors.size());
  for (std::uint32_t a = 0; a < g.actors.size(); ++a) {
    waits_for[a] = static_cast<std::uint32_t>(g.actors[a].into.size());
    if (waits_for[a] == 0) g.order.push_back(a);
  }
  for (std::size_t next = 0; next < g.order.size(); ++next) {
    for (const auto s : g.actors[g.order[next]].out_of) {
      if (--waits_for[g.streams[s].to] == 0) g.order.push_back(g.streams[s].to);
    }
  }
  const auto stuck = std::ranges::find_if(waits_for, [](std::uint32_t n) { return n != 0; });
  if (stuck != waits_for.end()) report_cycle(g, static_cast<std::uint32_t>(stuck - waits_for.begin()), waits_for);
}

}  // namespace

void check_streams(graph& g) {
  actor_index by_name;
  for (std::uint32_t a = 0; a < g.actors.size(); ++a) by_name.try_emplace(g.actors[a].name(), a);
  for (std::uint32_t s = 0; s < g.spec.streams.size(); ++s) add_stream(g, by_name, s);
  check_twice(g);
  for (auto& a : g.actors) {
    if (a.probe != nullptr) check_connected(g, a);
  }
  order_actors(g);
}

}  // namespace millrace::detail
