#include "runtime/supervisor_actor.hpp"

#include <algorithm>

#include <caf/send.hpp>

#include "runtime/remote/courier_actor.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/lead.hpp"
#include "runtime/remote/remote_task_actor.hpp"
#include "runtime/task_making.hpp"

namespace millrace::runtime {

namespace {

using self_pointer = caf::stateful_actor<supervisor_state, ordered_actor>*;
using phase = supervisor_state::phase;

constexpr auto recovery_timeout = std::chrono::minutes{10};
// Tasks look at their stop flag before every step, so this is only reached when a handler hangs.
constexpr auto ending_timeout = std::chrono::seconds{15};
// Nodes first end what they hosted before, which takes no longer than an ending.
constexpr auto hosting_timeout = std::chrono::seconds{30};
// How often a node that is not there is looked for.
constexpr auto node_interval = std::chrono::milliseconds{250};

std::uint32_t region_of(const supervisor_state& s, task_id t) {
  return s.shared->plan->tasks[t.value].region;
}

/// Nobody else keeps this actor alive when it is over.
void part_from_nodes(self_pointer self) {
  auto& s = self->state;
  if (s.guests->nodes().empty()) return;
  s.guests->release();
  s.shared->options.where.nodes->forget(s.shared->instance);
  self->send_exit(s.courier, caf::exit_reason::user_shutdown);
  s.courier = nullptr;
  if (!s.remote_failure.empty() && s.ending->how != run_outcome::kind::failed) {
    s.ending = run_outcome{run_outcome::kind::failed, false,
                           s.remote_failure + "; start again with the same data directory to finish the output"};
  }
}

void quit_if_over(self_pointer self) {
  auto& s = self->state;
  if (!s.ending) return;
  for (const auto& r : s.regions) {
    if (r.alive != 0) return;
  }
  for (const auto& link : s.links) {
    if (!link) continue;
    // A last commit that fails comes too late for a restart: the next start finishes it from the snapshot.
    if (!link->failure.empty() && s.ending->how != run_outcome::kind::failed) {
      s.ending = run_outcome{run_outcome::kind::failed, false,
                             link->failure + "; start again with the same data directory to finish the output"};
    }
    link->disconnect();
  }
  part_from_nodes(self);
  s.links.clear();
  s.tasks.clear();
  self->send_exit(s.coordinator, caf::exit_reason::user_shutdown);
  self->send_exit(s.writer, caf::exit_reason::user_shutdown);
  s.coordinator = nullptr;
  s.writer = nullptr;
  s.shared->finish(*s.ending);
  self->quit();
}

void kill_task(self_pointer self, std::size_t i) {
  auto& s = self->state;
  if (s.links[i]) s.links[i]->stopping = true;
  self->send_exit(s.tasks[i], caf::exit_reason::kill);
}

void end_run(self_pointer self, run_outcome outcome) {
  auto& s = self->state;
  if (s.ending) return;
  s.shared->set_state("stopping");
  if (outcome.how == run_outcome::kind::failed) s.shared->log(log_level::error, "run failed: " + outcome.message);
  s.ending = std::move(outcome);
  self->send(s.coordinator, pause_atom::value);
  const bool orderly = s.ending->how != run_outcome::kind::failed;
  for (std::size_t i = 0; i < s.tasks.size(); ++i) {
    if (!s.tasks[i]) continue;
    if (orderly) {
      // Its mailbox still holds the word that the last epoch is complete, which sinks must act on first.
      self->send(s.tasks[i], close_atom::value);
    } else {
      kill_task(self, i);
    }
  }
  self->delayed_send(self, ending_timeout, give_up_atom::value, std::string{"an actor did not end in time"});
  quit_if_over(self);
}

void fail_run(self_pointer self, std::string why, bool escalated = false) {
  end_run(self, {run_outcome::kind::failed, escalated, std::move(why)});
}

void stop_region(self_pointer self, std::uint32_t region) {
  auto& s = self->state;
  s.regions[region].now = phase::stopping;
  s.shared->set_state("restoring");
  self->send(s.coordinator, pause_atom::value);
  for (const auto& t : s.shared->plan->tasks) {
    if (t.region == region && s.tasks[t.id.value]) kill_task(self, t.id.value);
  }
  s.guests->forget_pages();
}

/// The region's tasks that run here, not yet begun.
result<std::vector<std::unique_ptr<engine::task>>> assemble_here(self_pointer self, std::uint32_t region,
                                                                 generation incarnation) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  for (const auto& t : plan.tasks) {
    if (t.region != region || !s.guests->node_of(t.id).empty()) continue;
    s.links[t.id.value] = std::make_shared<task_link>(t.id, plan.task_name(t.id), incarnation, *s.shared);
    s.links[t.id.value]->connect(s.coordinator, caf::actor_cast<caf::actor>(self));
  }
  const task_making making{*s.shared,
                           region,
                           incarnation,
                           s.shared->options.batch_events,
                           [&s](task_id t) { return s.guests->node_of(t); },
                           [&s](task_id t) -> task_link& { return *s.links[t.value]; }};
  return making.make();
}

caf::actor spawn_here(self_pointer self, task_id id, std::unique_ptr<engine::task> made, const restored_message& from) {
  auto state = std::make_shared<task_state>();
  state->link = self->state.links[id.value];
  state->from = from.point;
  state->replays = from.replays;
  state->incarnation = from.incarnation;
  state->task = std::move(made);
  return spawn_task(self->system(), std::move(state));
}

caf::actor spawn_elsewhere(self_pointer self, task_id id, const restored_message& from) {
  auto& s = self->state;
  s.shared->on_distant_start(id);
  return self->system().spawn(
      remote::remote_task_actor,
      remote::remote_task_state{s.shared, s.guests->node_of(id), id, from.incarnation, from.point, from.replays,
                                s.courier, caf::actor_cast<caf::actor>(self)});
}

/// All regions run: the coordinator may start snapshots.
void tell_coordinator(self_pointer self) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  tasks_message known;
  for (const auto& t : plan.tasks) known.incarnations.emplace_back(t.id, s.regions[t.region].incarnation);
  known.tasks = std::make_shared<const std::vector<caf::actor>>(s.tasks);
  auto producers = std::make_shared<std::vector<bool>>();
  for (const auto& t : plan.tasks) producers->push_back(s.shared->kinds[t.actor] == actor_kind::producer);
  known.is_producer = producers;
  known.nodes = s.guests->nodes();
  self->send(s.coordinator, known);
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
  auto next = made->begin();
  for (const auto& t : plan.tasks) {
    if (t.region != region) continue;
    const bool is_here = s.guests->node_of(t.id).empty();
    s.tasks[t.id.value] =
        is_here ? spawn_here(self, t.id, std::move(*next++), from) : spawn_elsewhere(self, t.id, from);
    self->monitor<caf::message_priority::high>(s.tasks[t.id.value]);
    ++r.alive;
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

/// A node of the region is not there: try again by and by. No policy's restarts are used up.
void wait_for_nodes(self_pointer self, std::uint32_t region, const std::string& why) {
  auto& s = self->state;
  auto& r = s.regions[region];
  if (!r.is_node_lost) s.shared->log(log_level::warning, "waiting for another node: " + why);
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

/// Other nodes make their tasks before any task begins: what is sent finds its receiver.
void place_tasks(self_pointer self, std::uint32_t region, const restored_message& from) {
  auto& s = self->state;
  auto& r = s.regions[region];
  if (s.guests->nodes_of(region).empty()) {
    spawn_tasks(self, region, from);
    return;
  }
  r.now = phase::hosting;
  r.incarnation = from.incarnation;
  r.from = from;
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
  spawn_tasks(self, region, from);
}

/// The recovery of some regions may have found replays for tasks of others, which go on meanwhile.
void offer_replays(self_pointer self, const std::vector<std::uint32_t>& restored, const letter_keeper::replays& all) {
  auto& s = self->state;
  for (const auto& [task, items] : all.items) {
    const auto region = region_of(s, task);
    if (std::ranges::find(restored, region) != restored.end() || !s.tasks[task.value]) continue;
    self->send(s.tasks[task.value],
               replays_message{std::make_shared<const std::vector<engine::replay_item>>(items), all.more});
  }
}

void recover(self_pointer self, std::vector<std::uint32_t> regions) {
  auto& s = self->state;
  self->request(s.writer, recovery_timeout, recover_atom::value)
      .then(
          [self, regions](const restored_message& m) {
            auto& state = self->state;
            if (state.ending) return;
            if (!m.error.empty()) {
              fail_run(self, m.error);
              return;
            }
            for (const auto& note : m.point->notes) state.shared->log(log_level::warning, note);
            state.shared->on_restored(m.point->epoch, m.point->notes, state.is_restart);
            state.is_restart = true;
            for (const auto r : regions) {
              if (!state.ending) place_tasks(self, r, m);
            }
            if (!state.ending) offer_replays(self, regions, *m.replays);
          },
          [self](const caf::error&) { fail_run(self, "the snapshot writer did not answer"); });
}

/// Brings back those of the regions whose nodes are all there; the others wait.
void recover_reachable(self_pointer self, const std::vector<std::uint32_t>& regions) {
  std::vector<std::uint32_t> ready;
  for (const auto r : regions) {
    if (const auto missing = self->state.guests->unreachable(r); !missing.empty()) {
      wait_for_nodes(self, r, "node " + missing + " cannot be reached");
    } else {
      ready.push_back(r);
    }
  }
  if (!ready.empty()) recover(self, ready);
}

/// What the node hosted is no more.
void on_lost(self_pointer self, const lost_message& m) {
  auto& s = self->state;
  for (std::uint32_t i = 0; i < s.regions.size(); ++i) {
    auto& r = s.regions[i];
    if (!s.guests->nodes_of(i).contains(m.node)) continue;
    if (s.ending) {
      s.remote_failure = "node " + m.node + " was lost before the run's end: " + m.why;
      for (const auto& t : s.shared->plan->tasks) {
        if (t.region == i && s.tasks[t.id.value] && s.guests->node_of(t.id) == m.node) kill_task(self, t.id.value);
      }
    } else if (r.now == phase::running) {
      s.shared->log(log_level::warning, "node " + m.node + " is lost: " + m.why);
      r.is_node_lost = true;
      stop_region(self, i);
    } else if (r.now == phase::hosting) {
      wait_for_nodes(self, i, "node " + m.node + ": " + m.why);
    }
  }
}

void on_failure(self_pointer self, const failure_message& m) {
  auto& s = self->state;
  auto& r = s.regions[region_of(s, m.task)];
  if (s.ending || r.now != phase::running || m.incarnation != r.incarnation) return;
  if (m.failure.action != failure_action::restart) {
    fail_run(self, m.failure.what.message, m.failure.action == failure_action::escalate);
    return;
  }
  r.policy = s.shared->plan->spec.actors[s.shared->plan->tasks[m.task.value].actor].on_failure;
  if (r.budget.recent() >= r.policy.max_restarts && !r.budget.next(r.policy, s.shared->time.steady_ns())) {
    fail_run(self, m.failure.what.message + "; given up after " + std::to_string(r.policy.max_restarts) +
                       " restarts within " + std::to_string(r.policy.period.count() / 1000) + " s");
    return;
  }
  stop_region(self, region_of(s, m.task));
}

void on_down(self_pointer self, const caf::down_msg& down) {
  auto& s = self->state;
  for (std::size_t i = 0; i < s.tasks.size(); ++i) {
    if (!s.tasks[i] || s.tasks[i].address() != down.source) continue;
    const auto region = region_of(s, {static_cast<std::uint32_t>(i)});
    auto& r = s.regions[region];
    if (s.links[i]) s.links[i]->bell()->silence();
    if (s.links[i] && !s.ending) s.links[i]->failure.clear();  // its next incarnation mends it
    s.tasks[i] = nullptr;
    --r.alive;
    if (s.ending) {
      quit_if_over(self);
      return;
    }
    if (r.now == phase::running) {
      on_failure(self, {task_id{static_cast<std::uint32_t>(i)},
                        r.incarnation,
                        {fatal_error(errc::failed, s.shared->plan->task_name({static_cast<std::uint32_t>(i)}) +
                                                       " ended unexpectedly"),
                         failure_action::restart}});
    }
    if (r.now == phase::stopping && r.alive == 0 && r.is_node_lost) {
      r.now = phase::waiting;
      self->delayed_send(self, node_interval, revive_atom::value, region);
      return;
    }
    if (r.now == phase::stopping && r.alive == 0) {
      const auto pause = r.budget.next(r.policy, s.shared->time.steady_ns());
      if (!pause) {
        fail_run(self, "given up after " + std::to_string(r.policy.max_restarts) + " restarts");
        return;
      }
      r.now = phase::waiting;
      self->delayed_send(self, *pause, revive_atom::value, region);
    }
    return;
  }
}

/// From now on the supervisor hears what other nodes say about this run.
void meet_nodes(self_pointer self) {
  auto& s = self->state;
  if (s.guests->nodes().empty()) return;
  s.courier = self->system().spawn<caf::detached>(remote::courier_actor, s.shared->options.where.nodes.get(),
                                                  s.shared->instance, s.guests->stopping());
  const auto me = caf::actor_cast<caf::actor>(self);
  s.shared->options.where.nodes->listen(s.shared->instance,
                                        {[me](const std::string& node, std::shared_ptr<const byte_buffer> message) {
                                           caf::anon_send(me, inbound_message{node, std::move(message)});
                                         },
                                         [me](const std::string& node, const std::string& why) {
                                           caf::anon_send(me, lost_message{node, why});
                                         }});
}

}  // namespace

caf::behavior supervisor_actor(self_pointer self, run_shared* shared, caf::actor writer) {
  auto& s = self->state;
  s.shared = shared;
  s.writer = std::move(writer);
  s.regions.resize(shared->plan->regions);
  s.tasks.resize(shared->plan->tasks.size());
  s.links.resize(shared->plan->tasks.size());
  s.guests = std::make_unique<remote::guest_tasks>(*shared);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  return {
      [self](begin_atom, const caf::actor& coordinator) {
        self->state.coordinator = coordinator;
        std::vector<std::uint32_t> all;
        for (std::uint32_t r = 0; r < self->state.regions.size(); ++r) all.push_back(r);
        meet_nodes(self);
        recover_reachable(self, all);
      },
      [self](revive_atom, std::uint32_t region) {
        if (!self->state.ending) recover_reachable(self, {region});
      },
      [self](stop_atom) {
        auto& state = self->state;
        state.is_stop_wanted = true;
        // No snapshot can be taken without that node; what was committed stays, and the next start goes on from there.
        const bool is_waiting =
            std::ranges::any_of(state.regions, [](const auto& r) { return r.now == phase::waiting && r.is_node_lost; });
        if (is_waiting) end_run(self, {run_outcome::kind::stopped, false, {}});
      },
      [self](const inbound_message& m) { remote::on_inbound(self, m); },
      [self](const lost_message& m) { on_lost(self, m); },
      [self](hosted_atom, std::uint32_t region, std::uint64_t incarnation) { on_hosted(self, region, {incarnation}); },
      [self](hosted_atom, std::uint32_t region, std::uint64_t incarnation, bool) {
        const auto& r = self->state.regions[region];
        if (self->state.ending || r.now != phase::hosting || r.incarnation.value != incarnation) return;
        wait_for_nodes(self, region, "a node does not answer");
      },
      [self](const failure_message& m) { on_failure(self, m); },
      [self](const query_message& m) {
        const auto& to = self->state.tasks;
        if (m.task.value < to.size() && to[m.task.value]) self->send(to[m.task.value], m);
      },
      [self](done_atom, bool stopped) {
        end_run(self, {stopped ? run_outcome::kind::stopped : run_outcome::kind::finished, false, {}});
      },
      [self](give_up_atom, const std::string& why) {
        if (!self->state.ending) {
          fail_run(self, why);
          return;
        }
        // Some handler hangs: its thread cannot be ended from here. Say so and let the caller decide.
        auto outcome = *self->state.ending;
        outcome.message += (outcome.message.empty() ? "" : "; ") + why;
        self->state.shared->finish(std::move(outcome));
      },
  };
}

}  // namespace millrace::runtime
