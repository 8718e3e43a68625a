#include <algorithm>
#include <set>

#include "millrace/engine/partials.hpp"
#include "millrace/partition_state.hpp"
#include "millrace/router.hpp"
#include "validation/converted_key.hpp"
#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

const router& as_router(const graph_actor& a) {
  return static_cast<const router&>(*a.probe);
}

void find_input_key(graph& g, graph_actor& a, std::uint32_t port) {
  const auto& in = *a.inputs()[port];
  if (!in.is_keyed()) return;
  const auto where = a.name() + "." + in.name();
  if (in.takes_batches()) {
    g.problems.error(where, "the input is keyed, but its handler takes whole batches",
                     "let the handler take one record, or leave out the key");
    return;
  }
  if (dynamic_cast<const engine::partials_input*>(&in) != nullptr) {
    const auto collected = std::ranges::find_if(a.input_keys, [](const auto& key) { return key != nullptr; });
    a.input_keys[port] = engine::partial_key(**collected);
    return;
  }
  if (in.key() != nullptr) {
    a.input_keys[port] = in.key();
    return;
  }
  if (a.input_types[port] == nullptr) return;
  auto made = key_of(a.input_types[port], in.key_fields());
  if (!made) {
    g.problems.error(where, made.error().message, "name fields of the records that arrive here as the key");
    return;
  }
  a.input_keys[port] = std::move(made).value();
}

void check_one_key_type(graph& g, const graph_actor& a) {
  const input_base* first = nullptr;
  const key_extractor* first_key = nullptr;
  for (std::size_t i = 0; i < a.input_keys.size(); ++i) {
    const auto& key = a.input_keys[i];
    if (key == nullptr) continue;
    if (first == nullptr) {
      first = a.inputs()[i];
      first_key = key.get();
    } else if (key->key_type() != first_key->key_type()) {
      g.problems.error(a.name() + "." + a.inputs()[i]->name(),
                       "its key (" + key->key_type() + ") is of another type than that of '" + first->name() + "' (" +
                           first_key->key_type() + "): they would share state by key",
                       "key both inputs by values of one type");
    }
  }
}

void check_state(graph& g, const graph_actor& a) {
  const auto& cells = engine::actor_access::state(*a.probe).rows().layout().cells();
  if (cells.empty() || std::ranges::any_of(a.inputs(), &input_base::is_keyed)) return;
  const auto& cell = cells.front().name;
  const auto what = cell.starts_with("timer:") ? "timer '" + cell.substr(6) + "'" : "state '" + cell + "'";
  g.problems.error(a.name(), "it has keyed " + what + " but no keyed input, so there is never a key",
                   "give one of its inputs a key, or keep plain members and save them in save_state()");
}

void check_state_names(graph& g, const graph_actor& a) {
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const auto& c : engine::actor_access::state(*a.probe).rows().layout().cells()) names.push_back(c.name);
  for (const auto* s : engine::actor_access::partition_states(*a.probe)) names.push_back(s->name());
  for (const auto& name : names) {
    if (taken.insert(name).second) continue;
    g.problems.error(a.name(), "type '" + a.spec->type + "' has two states called '" + name + "'",
                     "rename one in the actor's code: snapshots find states by their names");
  }
}

/// Broadcast state is the same on every partition only when what changes it comes to all of them in one order.
void check_broadcast(graph& g, const graph_actor& a) {
  const auto& states = engine::actor_access::partition_states(*a.probe);
  const auto broadcast = std::ranges::find_if(states, &partition_state_base::is_broadcast);
  if (broadcast != states.end() && std::ranges::none_of(a.inputs(), &input_base::is_broadcast)) {
    g.problems.error(a.name(), "it has broadcast state '" + (*broadcast)->name() + "' but no broadcast input",
                     "declare the input that changes it with {.broadcast = true}, or use a partition_value");
  }
  for (std::uint32_t port = 0; port < a.inputs().size(); ++port) {
    const auto& in = *a.inputs()[port];
    if (!in.is_broadcast()) continue;
    const auto where = a.name() + "." + in.name();
    if (in.is_keyed()) {
      g.problems.error(where, "it is a broadcast input and keyed: every partition would keep every key",
                       "leave out its key, or the word broadcast");
    }
    std::uint32_t senders = 0;
    for (const auto index : a.into) {
      const auto& s = g.streams[index];
      if (s.input != port) continue;
      const auto& from = g.source(s);
      senders += from.parallelism;
      const bool reaches_all = from.is(actor_kind::router) && as_router(from).broadcasts();
      if (a.parallelism == 1 || reaches_all) continue;
      g.problems.error(where, "it is a broadcast input, but '" + from.name() + "' does not send to all partitions",
                       "put a \"millrace.broadcast\" router before it");
    }
    if (a.parallelism > 1 && senders > 1) {
      g.problems.error(where,
                       "it is a broadcast input fed by " + std::to_string(senders) +
                           " partitions, whose records every partition may see in another order",
                       "feed it by one actor of parallelism 1");
    }
  }
}

void check_key_groups(graph& g, const graph_actor& a) {
  const auto groups = g.spec.settings.key_groups;
  if (a.parallelism <= groups || std::ranges::none_of(a.inputs(), &input_base::is_keyed)) return;
  g.problems.error(a.name(),
                   "its parallelism is " + std::to_string(a.parallelism) + ", but there are only " +
                       std::to_string(groups) + " key groups: some partitions would own no key",
                   "raise settings.key_groups or lower the parallelism");
}

bool is_routed_by_key(const graph& g, const graph_stream& s) {
  return g.source(s).is(actor_kind::router) && s.output != engine::actor_access::dead_index &&
         as_router(g.source(s)).routes_by_key();
}

void check_feeding(graph& g, const graph_stream& s) {
  const auto& to = g.target(s);
  if (!to.inputs()[s.input]->is_keyed() || is_routed_by_key(g, s)) return;
  const auto& from = g.source(s);
  const bool is_misrouted = from.is(actor_kind::router);
  // One partition owns every key; and what is not routed at all into several was said by check_parallelism.
  if (to.parallelism == 1 || (!is_misrouted && from.parallelism != to.parallelism)) return;
  g.problems.error(g.input_name(s),
                   "the input is keyed and has " + std::to_string(to.parallelism) + " partitions, but '" + from.name() +
                       "' does not send each key to the partition that owns it",
                   is_misrouted
                       ? "make '" + from.name() + "' a \"millrace.by_key\" router"
                       : "put a \"millrace.by_key\" router between '" + from.name() + "' and '" + to.name() + "'");
}

/// The key a router routes by is that of the keyed inputs behind it, which must agree.
void find_router_key(graph& g, graph_actor& r) {
  if (!as_router(r).routes_by_key()) return;
  bool has_keyed = false;
  const graph_stream* first = nullptr;
  for (const auto index : r.out_of) {
    const auto& s = g.streams[index];
    const auto& target = g.target(s);
    if (s.output == engine::actor_access::dead_index || !target.inputs()[s.input]->is_keyed()) continue;
    has_keyed = true;
    const auto& key = target.input_keys[s.input];
    if (key == nullptr || s.type == nullptr) continue;
    if (first == nullptr) {
      first = &s;
      r.router_key = key_before(key, s.type, s.to_input);
    } else if (key->description() != r.router_key->description() || key->key_type() != r.router_key->key_type()) {
      g.problems.error(r.name() + ".out",
                       "the inputs behind it have different keys: '" + g.input_name(*first) + "' by " +
                           r.router_key->description() + " and '" + g.input_name(s) + "' by " + key->description(),
                       "put a second \"millrace.by_key\" router before one of them");
    }
  }
  if (has_keyed || r.out_of.empty()) return;
  g.problems.error(r.name() + ".out", "it routes by key, but no input behind it is keyed",
                   "use a \"millrace.round_robin\" router, or connect it to a keyed input");
}

}  // namespace

void check_keys(graph& g) {
  for (auto& a : g.actors) {
    if (a.probe == nullptr) continue;
    a.input_keys.resize(a.inputs().size());
    for (std::uint32_t i = 0; i < a.inputs().size(); ++i) find_input_key(g, a, i);
    check_one_key_type(g, a);
    // A dynamic input's key may come from parameters that were refused.
    if (!a.has_failed) check_state(g, a);
    check_state_names(g, a);
    check_broadcast(g, a);
    check_key_groups(g, a);
  }
  for (const auto& s : g.streams) check_feeding(g, s);
  for (auto& a : g.actors) {
    if (a.is(actor_kind::router) && !a.has_broken_stream) find_router_key(g, a);
  }
}

}  // namespace millrace::detail
