#include <algorithm>
#include <set>
#include <utility>

#include "millrace/chaos/fault_board.hpp"
#include "millrace/chaos/node_target.hpp"
#include "millrace/detail/nearest.hpp"

// Faults at places that other nodes run: what the lead's board tells theirs, and what they make of it.
namespace millrace::chaos {

/// With the node that the target may name.
result<fault_places> fault_board::places_of(const fault_request& r) const {
  const auto wanted = node_target_of(r.target);
  if (wanted.node.empty()) return choose_places(*around_.plan, r);
  const auto node_of = [this](task_id t) {
    return around_.is_here(t) || !around_.node_of ? around_.own_node : around_.node_of(t);
  };
  std::set<std::string> nodes{around_.own_node};
  for (const auto& t : around_.plan->tasks) nodes.insert(node_of(t.id));
  nodes.erase("");
  if (!nodes.contains(wanted.node)) {
    return user_error(errc::not_found, "no node '" + wanted.node + "' takes part in this run; there are " +
                                           detail::quoted_list({nodes.begin(), nodes.end()}));
  }
  auto there = r;
  there.target = wanted.target;
  auto places = choose_places(*around_.plan, there, [&](task_id t) { return node_of(t) == wanted.node; });
  // Where it strikes, names say what; from elsewhere also where.
  if (places && is_of_node(r.kind) && wanted.node != around_.own_node) {
    for (auto& name : places->names) name = to_text({wanted.node, name});
  }
  return places;
}

result<fault_board::distant_places> fault_board::places_elsewhere(const fault_request& r,
                                                                  const fault_places& places) const {
  const bool is_channel = entry_of(r.kind).place == fault_place::channel;
  distant_places out;
  if (is_of_node(r.kind)) {
    const auto node = node_target_of(r.target).node;
    if (!node.empty() && node != around_.own_node) out[node] = {};
    return out;
  }
  for (const auto i : places.indexes) {
    const auto task = is_channel ? around_.plan->channels[i].target : task_id{i};
    if (around_.is_here(task)) continue;
    if (!around_.tell || !around_.node_of) {
      return user_error(errc::invalid_argument,
                        around_.plan->task_name(task) + " runs on another node: inject from the node that leads");
    }
    out[around_.node_of(task)].push_back(i);
  }
  return out;
}

result<void> fault_board::send(const fault_ptr& f, const distant_places& places) {
  auto there = f->request();
  there.target = node_target_of(there.target).target;
  for (const auto& [node, indexes] : places) {
    {
      const std::lock_guard lock{mutex_};
      elsewhere_[f->id()][node] = 0;
    }
    if (auto sent = around_.tell(node, {fault_order::act::inject, f->id(), there, indexes}); !sent) {
      auto why = std::move(sent).error();
      why.message = "node " + node + " cannot be told: " + why.message;
      return why;
    }
  }
  return {};
}

/// A node that cannot be reached lets the fault heal when its lease runs out.
void fault_board::pass_on(fault_order::act what, std::uint64_t id) {
  std::vector<std::string> nodes;
  {
    const std::lock_guard lock{mutex_};
    const auto found = elsewhere_.find(id);
    if (found == elsewhere_.end()) return;
    for (const auto& [node, hits] : found->second) nodes.push_back(node);
  }
  for (const auto& node : nodes) (void)around_.tell(node, {what, id, {}, {}});
}

result<void> fault_board::obey(const fault_order& o) {
  if (o.what == fault_order::act::renew) return renew(o.id);
  if (o.what == fault_order::act::clear) {
    if (auto cleared = clear(o.id); !cleared && cleared.error().code != errc::not_found) {
      return std::move(cleared).error();
    }
    return {};
  }
  auto complete = completed(o.request);
  if (!complete) return std::move(complete).error();
  if (o.id == 0) return fatal_error(errc::parse_error, "a fault without a number");
  if (is_of_node(complete->kind)) return obey_of_node(o.id, *std::move(complete));
  const bool is_channel = entry_of(complete->kind).place == fault_place::channel;
  const auto there_are = is_channel ? around_.plan->channels.size() : around_.plan->tasks.size();
  fault_places places{o.indexes, {}};
  std::ranges::sort(places.indexes);
  for (const auto i : places.indexes) {
    if (i >= there_are) return fatal_error(errc::parse_error, "a fault for a place that is not in the plan");
    places.names.push_back(is_channel ? around_.plan->channels[i].name : around_.plan->task_name({i}));
  }
  if (places.indexes.empty()) return fatal_error(errc::parse_error, "a fault for no place");
  auto f = arm(o.id, *std::move(complete), std::move(places));
  if (!f) return std::move(f).error();
  attach(*f);
  around_.sweep_at((*f)->ends_ns());
  return {};
}

result<void> fault_board::obey_of_node(std::uint64_t id, fault_request r) {
  auto places = choose_places(*around_.plan, r);
  if (!places) return std::move(places).error();
  auto f = arm(id, std::move(r), *std::move(places));
  if (!f) return std::move(f).error();
  attach(*f);
  around_.sweep_at((*f)->ends_ns());
  return {};
}

void fault_board::on_node_lost(const std::string& node) {
  std::vector<std::uint64_t> ends;
  {
    const std::lock_guard lock{mutex_};
    // A node that stood still for too long has forgotten, when it goes on, what it was told before.
    const auto is_end = [](fault_kind k) {
      return k == fault_kind::process_kill || k == fault_kind::process_restart || k == fault_kind::process_pause;
    };
    for (const auto& [id, nodes] : elsewhere_) {
      const auto there = nodes.find(node);
      if (there == nodes.end() || there->second != 0) continue;
      const auto active = active_.find(id);
      const auto ended = std::ranges::find(ended_, id, &fault_report::id);
      const bool is_it = active != active_.end() ? is_end(active->second->kind())
                                                 : ended != ended_.end() && is_end(ended->request.kind);
      if (is_it) ends.push_back(id);
    }
  }
  for (const auto id : ends) on_distant_hits(node, id, 1);
}

void fault_board::on_distant_hits(const std::string& node, std::uint64_t id, std::uint64_t hits) {
  {
    const std::lock_guard lock{mutex_};
    const auto known = elsewhere_.find(id);
    if (known == elsewhere_.end() || !known->second.contains(node)) return;
    auto& told = known->second[node];
    if (hits <= told) return;
    const auto more = hits - std::exchange(told, hits);
    // What struck last may be told after the end.
    const auto ended = std::ranges::find(ended_, id, &fault_report::id);
    if (ended != ended_.end()) ended->hits += more;
    if (const auto f = active_.find(id); f != active_.end()) f->second->add_hits(more);
  }
  sweep();
}

}  // namespace millrace::chaos
