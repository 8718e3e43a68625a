#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/supervision.hpp"

namespace millrace::runtime::supervision {

namespace {

using way_back = supervisor_state::way_back;

/// The tasks and all that lies downstream of them.
std::set<task_id> with_rest(const supervisor_state& s, std::set<task_id> tasks) {
  std::vector<task_id> next{tasks.begin(), tasks.end()};
  while (!next.empty()) {
    const auto from = next.back();
    next.pop_back();
    for (const auto to : s.below[from.value]) {
      if (tasks.insert(to).second) next.push_back(to);
    }
  }
  return tasks;
}

/// What keeps any task from coming back without its region.
std::string obstacle_to_any(const supervisor_state& s, task_id id) {
  if (!s.links[id.value] || !s.links[id.value]->journal) return "nothing is retained for it";
  if (s.rebuild) return "another task is being rebuilt";
  if (s.regions[region_of(s, id)].reopens || s.shared->replays_under_way) return "dead letters are being replayed";
  if (!s.guests->nodes_of(region_of(s, id)).empty()) return "tasks of its region run on other nodes";
  if (std::ranges::any_of(s.regions, [](const auto& r) { return r.now != phase::running; })) {
    return "another region is coming back";
  }
  return {};
}

std::string obstacle_alone(const supervisor_state& s, task_id id, bool is_hung) {
  const auto& plan = *s.shared->plan;
  if (s.shared->kinds[plan.tasks[id.value].actor] == actor_kind::producer) return "producers are not rebuilt alone";
  if (is_hung) return "it hangs, and still has what it would be rebuilt by";
  // What a rebuilt neighbour sends comes in other pieces than those the journal
  // counts.
  const auto newest = s.shared->newest_epoch();
  // The other way round, a rebuilt receiver may still count what this task sent
  // before.
  for (const auto& c : plan.channels) {
    if (c.source != id && c.target != id) continue;
    const auto other = c.source == id ? c.target : c.source;
    const auto at = s.rebuilt.find(other);
    if (at != s.rebuilt.end() && at->second == newest) {
      return plan.task_name(other) + " beside it was rebuilt since the last snapshot";
    }
  }
  return {};
}

way_back part(const supervisor_state& s, task_id cause, std::set<task_id> tasks, const char* scope,
              std::string obstacle) {
  const auto region = region_of(s, cause);
  const auto all = with_rest(s, std::move(tasks));
  if (all.size() == tasks_of(s, region)) return {way_back::kind::region, "region", {}, std::move(obstacle)};
  return {way_back::kind::part, scope, all, std::move(obstacle)};
}

std::set<task_id> tasks_of(const supervisor_state& s, const group_spec& group, std::uint32_t region) {
  std::set<task_id> out;
  for (const auto& t : s.shared->plan->tasks) {
    const auto& actor = s.shared->plan->spec.actors[t.actor].name;
    // Of a group that spans regions those go back that are connected at all.
    if (t.region == region && std::ranges::find(group.actors, actor) != group.actors.end()) out.insert(t.id);
  }
  return out;
}

}  // namespace

way_back choose_way(self_pointer self, task_id cause, restart_scope wanted, bool is_hung) {
  const auto& s = self->state;
  const auto& plan = *s.shared->plan;
  if (auto why = obstacle_to_any(s, cause); !why.empty()) return {way_back::kind::region, "region", {}, std::move(why)};
  const auto* group = plan.spec.group_of(plan.spec.actors[plan.tasks[cause.value].actor].name);
  switch (wanted) {
    case restart_scope::one_for_one:
      // Its journal belongs to it until it is down, and is looked at then.
      if (auto why = obstacle_alone(s, cause, is_hung); !why.empty()) return wider(self, cause, std::move(why));
      return {way_back::kind::alone, "alone", {cause}, {}};
    case restart_scope::rest_for_one:
      return part(s, cause, {cause}, "rest", {});
    case restart_scope::all_for_one:
      if (group == nullptr) break;
      return part(s, cause, tasks_of(s, *group, region_of(s, cause)), "group", {});
  }
  return {way_back::kind::region, "region", {}, {}};
}

way_back wider(self_pointer self, task_id cause, std::string obstacle) {
  return part(self->state, cause, {cause}, "rest", std::move(obstacle));
}

}  // namespace millrace::runtime::supervision
