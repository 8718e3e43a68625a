#include "runtime/supervisor_actor.hpp"

#include <algorithm>

#include <caf/send.hpp>

#include "runtime/remote/courier_actor.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/lead.hpp"
#include "runtime/remote/steering_wire.hpp"
#include "runtime/supervision.hpp"

namespace millrace::runtime {

namespace {

using namespace supervision;

constexpr auto recovery_timeout = std::chrono::minutes{10};
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
  s.shared->faults.board().on_node_lost(m.node);
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
      stop_region(self, i, node_interval);
    } else if (r.now == phase::hosting) {
      wait_for_nodes(self, i, "node " + m.node + ": " + m.why);
    }
  }
}

void on_down(self_pointer self, const caf::down_msg& down) {
  const auto& tasks = self->state.tasks;
  const auto at = std::ranges::find_if(tasks, [&](const auto& t) { return t && t.address() == down.source; });
  if (at != tasks.end()) on_gone(self, static_cast<std::size_t>(at - tasks.begin()));
}

/// A neighbour of tasks that were made anew does not have all they need.
void on_shortfall(self_pointer self, const shortfall_message& m) {
  auto& s = self->state;
  const auto region = region_of(s, m.task);
  if (s.ending || m.incarnation != s.incarnations[m.task.value] || s.regions[region].now != phase::running) return;
  s.shared->log(log_level::info, s.shared->plan->task_name(m.task) + " takes its region back with it: " + m.why);
  stop_region(self, region, {});
}

/// Tasks that wait for input hear of what is wanted now.
void steer(self_pointer self) {
  auto& s = self->state;
  for (const auto& link : s.links) {
    if (link) link->bell()->ring();
  }
  bool is_all_told = true;
  for (const auto& node : s.guests->nodes()) is_all_told = remote::tell_steering(*s.shared, node) && is_all_told;
  // A link that stands still takes words later; one that is lost is told when it hosts again.
  if (!is_all_told && !s.ending) self->delayed_send(self, node_interval, steer_atom::value);
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
  s.incarnations.resize(shared->plan->tasks.size());
  s.below.resize(shared->plan->tasks.size());
  for (const auto& c : shared->plan->channels) s.below[c.source.value].push_back(c.target);
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
        auto& state = self->state;
        if (state.ending) return;
        if (const auto n = state.regions[region].recovery; n != 0) {
          state.shared->recoveries.reach(n, recovery_board::step::backed_off);
        }
        recover_reachable(self, {region});
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
      [self](steer_atom) { steer(self); },
      [self](unset_atom, std::uint64_t epoch) { on_settings_lost(self, {epoch}); },
      [self](const failure_message& m) { on_failure(self, m); },
      [self](const shortfall_message& m) { on_shortfall(self, m); },
      [self](hung_atom, std::uint32_t task, std::uint64_t times_made, const std::string& why) {
        on_hung(self, {task}, times_made, why);
      },
      [self](failure_atom, std::uint32_t task, const std::string& why) {
        const auto& incarnations = self->state.incarnations;
        if (task >= incarnations.size()) return;
        on_failure(self,
                   {task_id{task}, incarnations[task], {fatal_error(errc::failed, why), failure_action::restart}});
      },
      [self](held_atom) {
        if (!self->state.rebuild) return;
        self->state.rebuild->is_held = true;
        go_on_rebuilding(self);
      },
      [self](rebuild_atom, std::uint64_t number) { rebuild(self, number); },
      [self](const query_message& m) {
        auto& guests = *self->state.guests;
        if (m.task.value < self->state.tasks.size() && !guests.node_of(m.task).empty()) return guests.ask_state(m);
        const auto& to = self->state.tasks;
        if (m.task.value < to.size() && to[m.task.value]) self->send(to[m.task.value], m);
      },
      [self](done_atom, bool stopped) {
        auto& state = self->state;
        // A sink that failed while the last snapshot was written has not committed it.
        if (state.rebuild) state.links[state.rebuild->cause.value]->failure = state.rebuild->why;
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
        outcome.has_left_behind = true;
        self->state.shared->finish(std::move(outcome));
      },
  };
}

}  // namespace millrace::runtime
