#include <algorithm>
#include <utility>

#include "runtime/remote/remote_task_actor.hpp"
#include "runtime/remote/steering_wire.hpp"
#include "runtime/supervision.hpp"
#include "runtime/task_making.hpp"

namespace millrace::runtime::supervision {

namespace {

// Nodes first end what they hosted before, which takes no longer than an ending.
constexpr auto hosting_timeout = std::chrono::seconds{30};

/// The region's tasks that run here, not yet begun.
result<std::vector<std::unique_ptr<engine::task>>> assemble_here(self_pointer self, std::uint32_t region,
                                                                 generation incarnation) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  for (const auto& t : plan.tasks) {
    if (t.region != region || !s.guests->node_of(t.id).empty()) continue;
    s.links[t.id.value] = fresh_link(self, t.id, incarnation, std::make_shared<engine::task_journal>());
  }
  const task_making making{*s.shared,
                           region,
                           incarnation,
                           s.shared->options.batch_events,
                           [&s](task_id t) { return s.guests->node_of(t); },
                           [&s](task_id t) -> task_link& { return *s.links[t.value]; }};
  return making.make();
}

void watch(self_pointer self, task_id id, caf::actor task, generation incarnation) {
  auto& s = self->state;
  self->monitor<caf::message_priority::high>(task);
  s.tasks[id.value] = std::move(task);
  s.incarnations[id.value] = incarnation;
  ++s.regions[region_of(s, id)].alive;
}

void spawn_elsewhere(self_pointer self, task_id id, const restored_message& from) {
  auto& s = self->state;
  s.shared->on_distant_start(id);
  auto task =
      self->system().spawn(remote::remote_task_actor,
                           remote::remote_task_state{s.shared, s.guests->node_of(id), id, from.incarnation, from.point,
                                                     from.replays, s.courier, caf::actor_cast<caf::actor>(self)});
  watch(self, id, std::move(task), from.incarnation);
  s.shared->health.set(id, health::running);
}

void spawn_tasks(self_pointer self, std::uint32_t region, const restored_message& from) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  auto made = assemble_here(self, region, from.incarnation);
  if (!made) {
    fail_run(self, made.error().message);
    return;
  }
  auto& r = s.regions[region];
  if (r.recovery != 0) {
    std::set<task_id> tasks;
    for (const auto& t : plan.tasks) {
      if (t.region == region && s.guests->node_of(t.id).empty()) tasks.insert(t.id);
    }
    for (const auto t : tasks) s.links[t.value]->tells_when_caught_up = true;
    s.shared->recoveries.reach(r.recovery, recovery_board::step::made);
    s.shared->recoveries.wait_for(r.recovery, from.incarnation, from.point->epoch, tasks, {});
    s.shared->recoveries.wait_for_events(from.incarnation, region, r.handled);
    r.recovery = 0;
  }
  auto next = made->begin();
  for (const auto& t : plan.tasks) {
    if (t.region != region) continue;
    if (s.guests->node_of(t.id).empty()) {
      spawn_here(self, t.id, std::move(*next++), from);
    } else {
      spawn_elsewhere(self, t.id, from);
    }
  }
  r.now = phase::running;
  r.incarnation = from.incarnation;
  for (const auto& t : plan.tasks) {
    if (t.region == region) self->send(s.tasks[t.id.value], begin_atom::value);
  }
  const bool all_run =
      std::all_of(s.regions.begin(), s.regions.end(), [](const auto& x) { return x.now == phase::running; });
  if (!all_run) return;
  s.shared->set_state("running");
  tell_coordinator(self);
}

}  // namespace

std::shared_ptr<task_link> fresh_link(self_pointer self, task_id id, generation incarnation,
                                      std::shared_ptr<engine::task_journal> journal) {
  auto& s = self->state;
  auto link = std::make_shared<task_link>(id, s.shared->plan->task_name(id), incarnation, *s.shared);
  link->connect(s.coordinator, caf::actor_cast<caf::actor>(self));
  if (s.shared->options.retained_bytes_max != 0) link->journal = std::move(journal);
  return link;
}

void spawn_here(self_pointer self, task_id id, std::unique_ptr<engine::task> made, const restored_message& from) {
  auto state = std::make_shared<task_state>();
  state->link = self->state.links[id.value];
  state->from = from.point;
  state->replays = from.replays;
  state->incarnation = from.incarnation;
  state->task = std::move(made);
  watch(self, id, spawn_task(self->system(), std::move(state)), from.incarnation);
}

void tell_coordinator(self_pointer self) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  tasks_message known;
  for (const auto& t : plan.tasks) known.incarnations.emplace_back(t.id, s.incarnations[t.id.value]);
  known.tasks = std::make_shared<const std::vector<caf::actor>>(s.tasks);
  auto producers = std::make_shared<std::vector<bool>>();
  for (const auto& t : plan.tasks) producers->push_back(s.shared->kinds[t.actor] == actor_kind::producer);
  known.is_producer = producers;
  known.nodes = s.guests->nodes();
  self->send(s.coordinator, known);
}

void wait_for_nodes(self_pointer self, std::uint32_t region, const std::string& why) {
  auto& s = self->state;
  auto& r = s.regions[region];
  if (!r.is_node_lost) s.shared->log(log_level::warning, "waiting for another node: " + why);
  for (const auto& t : s.shared->plan->tasks) {
    if (t.region == region) s.shared->health.set(t.id, health::restoring, "waits for another node: " + why);
  }
  r.is_node_lost = true;
  r.from.reset();
  r.now = phase::waiting;
  if (s.is_stop_wanted) {
    end_run(self, {run_outcome::kind::stopped, false, {}});
    return;
  }
  s.shared->set_state("waiting");
  self->delayed_send(self, node_interval, revive_atom::value, region);
}

void place_tasks(self_pointer self, std::uint32_t region, const restored_message& from) {
  auto& s = self->state;
  auto& r = s.regions[region];
  r.reopens = from.replays->more;
  if (r.reopens) s.shared->replays_under_way = true;
  if (r.recovery != 0) s.shared->recoveries.reach(r.recovery, recovery_board::step::opened);
  if (s.guests->nodes_of(region).empty()) {
    spawn_tasks(self, region, from);
    return;
  }
  r.now = phase::hosting;
  r.incarnation = from.incarnation;
  r.from = from;
  // Their tasks are made before any task begins: what is sent finds its receiver.
  if (auto asked = s.guests->ask(region, from.incarnation); !asked) {
    wait_for_nodes(self, region, asked.error().message);
    return;
  }
  self->delayed_send(self, hosting_timeout, hosted_atom::value, region, from.incarnation.value, true);
}

void on_hosted(self_pointer self, std::uint32_t region, generation incarnation) {
  auto& r = self->state.regions[region];
  if (self->state.ending || r.now != phase::hosting || r.incarnation != incarnation) return;
  r.is_node_lost = false;
  const auto from = *std::exchange(r.from, std::nullopt);
  for (const auto& node : self->state.guests->nodes_of(region)) {
    if (!remote::tell_steering(*self->state.shared, node)) {
      return wait_for_nodes(self, region, "node " + node + " cannot be told what is wanted");
    }
  }
  spawn_tasks(self, region, from);
}

}  // namespace millrace::runtime::supervision
