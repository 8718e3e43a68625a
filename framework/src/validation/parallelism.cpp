#include <algorithm>

#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

std::string count_of(const graph_actor& a) {
  return "'" + a.name() + "' (" + std::to_string(a.parallelism) + ")";
}

/// A router has one partition for each partition of what feeds it.
void take_upstream_parallelism(graph& g, graph_actor& r) {
  if (r.into.empty()) return;
  const auto& first = g.source(g.streams[r.into.front()]);
  for (const auto s : r.into) {
    const auto& other = g.source(g.streams[s]);
    if (other.parallelism == first.parallelism) continue;
    g.problems.error(r.name(),
                     "the router is fed with different parallelism: by " + count_of(first) + " and " + count_of(other),
                     "give both the same parallelism, or put a second router behind one of them");
    return;
  }
  if (r.spec->parallelism != 1 && r.spec->parallelism != first.parallelism) {
    g.problems.error(
        r.name(),
        "the router's parallelism is " + std::to_string(r.spec->parallelism) + ", but it is fed by " + count_of(first),
        "leave the parallelism out: a router runs with that of its upstream");
  }
  r.parallelism = first.parallelism;
}

void check_behind_router(graph& g, const graph_actor& r) {
  const graph_actor* first = nullptr;
  for (const auto s : r.out_of) {
    if (g.streams[s].output == engine::actor_access::dead_index) continue;
    // A router behind a router takes this one's parallelism, which need not be what the others have.
    const auto& target = g.target(g.streams[s]);
    if (first == nullptr) first = &target;
    if (target.parallelism == first->parallelism) continue;
    g.problems.error(r.name() + ".out",
                     "it leads to actors of different parallelism: " + count_of(*first) + " and " + count_of(target),
                     "give both the same parallelism, or put a second router before one of them");
    return;
  }
}

void check_direct(graph& g, const graph_stream& s) {
  const auto& from = g.source(s);
  const auto& to = g.target(s);
  if (from.parallelism == to.parallelism || to.parallelism == 1) return;
  const auto keyed = to.inputs()[s.input]->is_keyed();
  g.problems.error(
      g.input_name(s), "it is fed directly by " + count_of(from) + ", but " + count_of(to) + " has another parallelism",
      std::string{"put a "} + (keyed ? "\"millrace.by_key\"" : "\"millrace.round_robin\"") + " router between '" +
          from.name() + "' and '" + to.name() + "', or give both the same parallelism");
}

}  // namespace

void check_parallelism(graph& g) {
  for (const auto index : g.order) {
    if (g.actors[index].is(actor_kind::router)) take_upstream_parallelism(g, g.actors[index]);
  }
  for (const auto& a : g.actors) {
    if (a.is(actor_kind::router)) check_behind_router(g, a);
  }
  for (const auto& s : g.streams) {
    const bool is_routed = g.source(s).is(actor_kind::router) && s.output != engine::actor_access::dead_index;
    if (!is_routed && !g.target(s).is(actor_kind::router)) check_direct(g, s);
  }
}

}  // namespace millrace::detail
