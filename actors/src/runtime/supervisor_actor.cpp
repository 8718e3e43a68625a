#include "runtime/supervisor_actor.hpp"

#include <algorithm>

#include <caf/send.hpp>

#include "runtime/inproc_channels.hpp"

namespace millrace::runtime {

namespace {

using self_pointer = caf::stateful_actor<supervisor_state, ordered_actor>*;
using phase = supervisor_state::phase;

constexpr auto recovery_timeout = std::chrono::minutes{10};
// Tasks look at their stop flag before every step, so this is only reached when a handler hangs.
constexpr auto ending_timeout = std::chrono::seconds{15};

std::uint32_t region_of(const supervisor_state& s, task_id t) {
  return s.shared->plan->tasks[t.value].region;
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
  s.links.clear();
  s.tasks.clear();
  self->send_exit(s.coordinator, caf::exit_reason::user_shutdown);
  self->send_exit(s.writer, caf::exit_reason::user_shutdown);
  s.coordinator = nullptr;
  s.writer = nullptr;
  s.shared->finish(*s.ending);
  self->quit();
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
      s.links[i]->stopping = true;
      self->send_exit(s.tasks[i], caf::exit_reason::kill);
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
    if (t.region != region || !s.tasks[t.id.value]) continue;
    s.links[t.id.value]->stopping = true;
    self->send_exit(s.tasks[t.id.value], caf::exit_reason::kill);
  }
}

void spawn_tasks(self_pointer self, std::uint32_t region, const restored_message& from) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  for (const auto& t : plan.tasks) {
    if (t.region != region) continue;
    s.links[t.id.value] = std::make_shared<task_link>(t.id, plan.task_name(t.id), from.incarnation, *s.shared);
    s.links[t.id.value]->connect(s.coordinator, caf::actor_cast<caf::actor>(self));
  }
  inproc_channels channels{s.shared->sockets, s.shared->instance, s.shared->options.payload,
                           [&s](task_id t) { return s.links[t.value]->bell(); }};
  engine::task_environment environment{&s.shared->time,
                                       [&s](task_id t) -> engine::task_host& { return *s.links[t.value]; },
                                       [&s](task_id t) { return s.shared->fresh_stats(t); },
                                       s.shared->options.batch_events,
                                       s.shared->options.protect,
                                       std::nullopt,
                                       s.shared->log_store.get(),
                                       s.shared->spills,
                                       true,
                                       {}};
  if (s.shared->options.measures) {
    environment.channel_stats_of = [&s](channel_id c) { return s.shared->fresh_channel_stats(c); };
  }
  auto made = engine::assemble(plan, region, from.incarnation, channels, environment);
  if (!made) {
    fail_run(self, made.error().message);
    return;
  }
  auto& r = s.regions[region];
  auto next = made->begin();
  for (const auto& t : plan.tasks) {
    if (t.region != region) continue;
    auto state = std::make_shared<task_state>();
    state->link = s.links[t.id.value];
    state->from = from.point;
    state->replays = from.replays;
    state->incarnation = from.incarnation;
    state->task = std::move(*next++);
    const bool blocking = state->task->is_blocking();
    auto handle = blocking ? self->system().spawn<caf::detached>(task_actor, std::move(state))
                           : self->system().spawn(task_actor, std::move(state));
    self->monitor<caf::message_priority::high>(handle);
    s.links[t.id.value]->bell()->bind(handle);
    s.tasks[t.id.value] = handle;
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
  tasks_message known;
  for (const auto& t : plan.tasks) known.incarnations.emplace_back(t.id, s.regions[t.region].incarnation);
  known.tasks = std::make_shared<const std::vector<caf::actor>>(s.tasks);
  auto producers = std::make_shared<std::vector<bool>>();
  for (const auto& t : plan.tasks) producers->push_back(s.shared->kinds[t.actor] == actor_kind::producer);
  known.is_producer = producers;
  self->send(s.coordinator, known);
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
              if (!state.ending) spawn_tasks(self, r, m);
            }
            if (!state.ending) offer_replays(self, regions, *m.replays);
          },
          [self](const caf::error&) { fail_run(self, "the snapshot writer did not answer"); });
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
    s.links[i]->bell()->silence();
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

}  // namespace

caf::behavior supervisor_actor(self_pointer self, run_shared* shared, caf::actor writer) {
  auto& s = self->state;
  s.shared = shared;
  s.writer = std::move(writer);
  s.regions.resize(shared->plan->regions);
  s.tasks.resize(shared->plan->tasks.size());
  s.links.resize(shared->plan->tasks.size());
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  return {
      [self](begin_atom, const caf::actor& coordinator) {
        self->state.coordinator = coordinator;
        std::vector<std::uint32_t> all;
        for (std::uint32_t r = 0; r < self->state.regions.size(); ++r) all.push_back(r);
        recover(self, all);
      },
      [self](revive_atom, std::uint32_t region) { recover(self, {region}); },
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
