#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "runtime/supervision.hpp"

namespace millrace::runtime::supervision {

namespace {

// Tasks that hung keep a thread each, for ever as far as anybody knows. More
// than a few are a fault of the program that new threads do not mend.
constexpr std::size_t left_behind_max = 4;

/// Whose failures are counted together, and by what rules.
struct counted {
  std::string name;
  const failure_policy* rules = nullptr;
};

counted counted_with(const supervisor_state& s, task_id id) {
  const auto& spec = s.shared->plan->spec;
  const auto& actor = spec.actors[s.shared->plan->tasks[id.value].actor];
  if (const auto* group = spec.group_of(actor.name)) return {"group '" + group->name + "'", &group->restarts};
  return {"'" + actor.name + "'", &actor.on_failure};
}

void take_region_back(self_pointer self, const supervisor_state::rebuilding& r) {
  auto& s = self->state;
  if (!r.way.obstacle.empty()) {
    s.shared->log(log_level::info,
                  s.shared->plan->task_name(r.cause) + " takes its region back with it: " + r.way.obstacle);
  }
  const auto region = region_of(s, r.cause);
  stop_region(self, region, r.pause);
  s.regions[region].recovery = r.number;
}

/// Ends the run, or brings back what has to come back.
void act_on(self_pointer self, task_id id, const std::string& why, std::int64_t at_ns, bool is_hung) {
  auto& s = self->state;
  const auto now = s.shared->time.steady_ns();
  const auto [name, rules] = counted_with(s, id);
  const auto draw = std::uniform_real_distribution{0.0, 1.0}(s.random);
  const auto pause = s.budgets[name].next(*rules, now, draw);
  if (!pause) {
    s.shared->health.set(id, health::failed, why);
    fail_run(self,
             why + "; given up after " + std::to_string(rules->max_restarts) + " restarts of " + name + " within " +
                 std::to_string(rules->period.count() / 1000) + " s",
             rules->beyond == failure_action::escalate);
    return;
  }
  supervisor_state::rebuilding r;
  r.cause = id;
  r.why = why;
  r.pause = *pause;
  r.way = choose_way(self, id, rules->scope, is_hung);
  recovery_report report;
  report.cause = s.shared->plan->task_name(id);
  report.scope = r.way.scope;
  report.why = why;
  report.obstacle = r.way.obstacle;
  report.tasks = r.way.tasks.size();
  if (r.way.how == supervisor_state::way_back::kind::region) {
    report.tasks = tasks_of(s, region_of(s, id));
  }
  r.number = s.shared->recoveries.begin(std::move(report), at_ns == 0 ? now : at_ns);
  s.shared->recoveries.reach(r.number, recovery_board::step::noticed);
  s.shared->health.set(id, health::backing_off, why);
  if (r.way.how == supervisor_state::way_back::kind::region) return take_region_back(self, r);
  begin_rebuilding(self, std::move(r));
}

}  // namespace

void on_failure(self_pointer self, const failure_message& m) {
  auto& s = self->state;
  auto& r = s.regions[region_of(s, m.task)];
  if (s.ending || r.now != phase::running || m.incarnation != s.incarnations[m.task.value]) return;
  // It ends anyway, because of another one.
  if (s.rebuild && s.rebuild->way.tasks.contains(m.task)) return;
  if (m.failure.action != failure_action::restart) {
    s.shared->health.set(m.task, health::failed, m.failure.what.message);
    fail_run(self, m.failure.what.message, m.failure.action == failure_action::escalate);
    return;
  }
  act_on(self, m.task, m.failure.what.message, m.at_ns, false);
}

void on_hung(self_pointer self, task_id id, std::uint64_t times_made, const std::string& why) {
  auto& s = self->state;
  if (!s.tasks[id.value] || s.shared->times_made(id) != times_made) return;
  const auto now = s.regions[region_of(s, id)].now;
  // One that has to end, because others failed or because all is over, would be waited for for ever.
  const bool has_to_end = s.ending || now == phase::stopping;
  if (!has_to_end && now != phase::running) return;
  if (!s.ending && s.left_behind >= left_behind_max) {
    fail_run(self,
             why + "; " + std::to_string(left_behind_max) +
                 " tasks that hung were replaced before, and are "
                 "still there: the process has to be started again",
             true);
    return;
  }
  ++s.left_behind;
  if (s.ending && s.ending->how != run_outcome::kind::failed) {
    // It may be a sink that has not committed all.
    s.ending = run_outcome{run_outcome::kind::failed, false,
                           why + "; start again with the same data directory to finish the output"};
  }
  // Nothing it does counts any more: its channels are those of an incarnation
  // that is over.
  s.links[id.value]->stopping = true;
  self->demonitor(s.tasks[id.value]);
  self->send_exit(s.tasks[id.value], caf::exit_reason::kill);
  const bool comes_back = s.rebuild && s.rebuild->way.tasks.contains(id);
  if (!has_to_end && !comes_back) act_on(self, id, why, 0, true);
  // It failed before it was found, or was killed: it still has the journal that it was to be rebuilt by.
  if (comes_back && s.rebuild->way.how == supervisor_state::way_back::kind::alone) {
    widen(self, "it hangs, and still has what it would be rebuilt by");
  }
  // As far as the others are concerned it is.
  if (s.tasks[id.value]) on_gone(self, id.value);
}

void on_settings_lost(self_pointer self, epoch_id epoch) {
  auto& s = self->state;
  if (s.ending) return;
  const auto& plan = *s.shared->plan;
  std::map<std::uint32_t, task_id> regions;  // with one of the tasks
  const auto actors = s.shared->steering.actors_changed_at(epoch);
  for (const auto& t : plan.tasks) {
    if (actors.contains(t.actor)) regions.emplace(t.region, t.id);
  }
  for (const auto& [region, task] : regions) {
    if (s.regions[region].now != phase::running) continue;
    const std::string why = "snapshot " + std::to_string(epoch.value) + ", behind which its parameters changed, failed";
    if (s.rebuild && region_of(s, s.rebuild->cause) == region) {
      give_up_rebuilding(self, why);
      continue;
    }
    s.shared->log(log_level::info, plan.task_name(task) + " takes its region back with it: " + why);
    stop_region(self, region, {});
  }
}

void on_gone(self_pointer self, std::size_t i) {
  auto& s = self->state;
  const task_id id{static_cast<std::uint32_t>(i)};
  auto& r = s.regions[region_of(s, id)];
  if (s.links[i]) s.links[i]->bell()->silence();
  if (s.links[i] && !s.ending) s.links[i]->failure.clear();  // its next incarnation mends it
  s.tasks[i] = nullptr;
  --r.alive;
  if (s.ending) return quit_if_over(self);
  if (s.rebuild && s.rebuild->way.tasks.contains(id)) {
    s.rebuild->not_down.erase(id);
    return go_on_rebuilding(self);
  }
  if (r.now == phase::running) {
    const auto why = s.shared->plan->task_name(id) + " ended unexpectedly";
    on_failure(self, {id, s.incarnations[i], {fatal_error(errc::failed, why), failure_action::restart}});
  }
  if (r.now != phase::stopping || r.alive != 0) return;
  r.now = phase::waiting;
  if (r.recovery != 0) s.shared->recoveries.reach(r.recovery, recovery_board::step::ended);
  self->delayed_send(self, r.is_node_lost ? std::chrono::nanoseconds{node_interval} : r.pause, revive_atom::value,
                     region_of(s, id));
}

}  // namespace millrace::runtime::supervision
