#include "runtime/watchdog_actor.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "millrace/engine/hang_watch.hpp"

namespace millrace::runtime {

namespace {

using self_pointer = caf::stateful_actor<watchdog_state, ordered_actor>*;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds period_max{1'000};
constexpr milliseconds period_min{5};
// While a region does once more what it had done: when it is through is told to
// about so much.
constexpr milliseconds recovery_period{10};
const char* const retried = "its handler is tried again";
const char* const circuit_open = "what it calls outside fails again and again: its circuit is open";

const failure_policy& policy_of(const run_shared& shared, task_id id) {
  return shared.plan->spec.actors[shared.plan->tasks[id.value].actor].on_failure;
}

/// Often enough to find the shortest hang somebody wants found.
nanoseconds period_of(const run_shared& shared) {
  nanoseconds out = period_max;
  for (const auto& a : shared.plan->spec.actors) {
    if (a.on_failure.hang_after.count() != 0) out = std::min<nanoseconds>(out, a.on_failure.hang_after / 4);
  }
  return std::max<nanoseconds>(out, period_min);
}

std::string seconds_text(nanoseconds d) {
  const auto ms = std::chrono::duration_cast<milliseconds>(d).count();
  return ms < 10'000 ? std::to_string(ms) + " ms" : std::to_string(ms / 1000) + " s";
}

std::string place_text(const engine::plan& plan, task_id id, engine::task_place at) {
  std::string text = to_string(at.call);
  if (at.call != engine::task_call::handler) return text;
  const auto c = std::ranges::find_if(
      plan.channels, [&](const engine::plan_channel& one) { return one.target == id && one.input == at.port; });
  if (c == plan.channels.end()) return text;
  const auto dot = c->name.rfind('.');
  return "the handler of input '" + c->name.substr(dot + 1) + "'";
}

std::string description(const run_shared& shared, task_id id, const task_status& t, const engine::hang& h,
                        std::uint64_t waiting) {
  auto text = t.name + " makes no progress: ";
  if (h.is_in_call) {
    text += "it is in " + place_text(*shared.plan, id, t.place) + " for " + seconds_text(h.lasts);
  } else {
    text += "it has taken nothing for " + seconds_text(h.lasts);
  }
  if (waiting != 0) text += ", while " + std::to_string(waiting) + " events wait";
  return text;
}

void act_on(self_pointer self, task_id id, std::uint64_t incarnation, const std::string& why) {
  auto& shared = *self->state.shared;
  shared.log(log_level::warning, why);
  shared.health.set(id, health::degraded, why);
  switch (policy_of(shared, id).on_hang) {
    case hang_action::report:
      return;
    case hang_action::rebuild:
      self->send(self->state.supervisor, hung_atom::value, id.value, incarnation, why);
      return;
    case hang_action::restart:
      // Nobody else need be asked, and perhaps nobody else can answer.
      shared.health.set(id, health::failed, why);
      shared.finish({run_outcome::kind::failed, true, why, true});
      return;
  }
}

/// It is degraded for this reason while that lasts.
void follow(health_board& board, task_id id, const task_status& t, bool lasts, const char* why) {
  if (lasts) board.change(id, health::running, health::degraded, why);
  if (!lasts && t.health.why == why) board.change(id, health::degraded, health::running);
}

void on_progress(self_pointer self, task_id id, const task_status& t) {
  auto& s = self->state;
  if (const auto at = s.hanging.find(id); at != s.hanging.end()) {
    if (at->second == t.incarnation) {
      s.shared->health.change(id, health::degraded, health::running);
      s.shared->log(log_level::info, t.name + " makes progress again");
    }
    s.hanging.erase(at);
  }
  follow(s.shared->health, id, t, t.phase == engine::task_phase::backing_off, retried);
  follow(s.shared->health, id, t, t.circuit != circuit_breaker::state::closed, circuit_open);
}

void look(self_pointer self) {
  auto& s = self->state;
  const auto now = s.shared->status();
  std::vector<std::uint64_t> waiting(now.tasks.size());
  for (const auto& c : now.channels) {
    if (c.held_for.count() == 0) waiting[c.target.value] += c.sent - c.done;
  }
  for (std::size_t i = 0; i < now.tasks.size(); ++i) {
    const auto& t = now.tasks[i];
    const task_id id{static_cast<std::uint32_t>(i)};
    if (!t.node.empty()) continue;
    // Who stands at a breakpoint does so because somebody wants it.
    const bool has_work = waiting[i] != 0 && t.stopped_at.empty();
    const auto found =
        engine::find_hang({t.phase, t.stepping_for, t.since_progress, has_work}, policy_of(*s.shared, id).hang_after);
    if (!found) {
      on_progress(self, id, t);
    } else if (const auto known = s.hanging.find(id); known == s.hanging.end() || known->second != t.incarnation) {
      s.hanging[id] = t.incarnation;
      act_on(self, id, t.incarnation, description(*s.shared, id, t, *found, waiting[i]));
    } else if (policy_of(*s.shared, id).on_hang == hang_action::rebuild) {
      // Something else was coming back when it was said first.
      self->send(s.supervisor, hung_atom::value, id.value, t.incarnation, t.health.why);
    }
  }
}

void tick(self_pointer self) {
  auto& s = self->state;
  if (s.shared->is_finished()) return self->quit();
  const auto now = s.shared->time.steady_ns();
  if (now - s.looked_ns >= s.period.count()) {
    s.looked_ns = now;
    look(self);
  }
  const bool is_recovering =
      s.shared->recoveries.look_at_events([&](std::uint32_t region) { return s.shared->handled_by_sinks(region); });
  self->delayed_send(self, is_recovering ? std::min<nanoseconds>(s.period, recovery_period) : s.period,
                     tick_atom::value);
}

}  // namespace

caf::behavior watchdog_actor(self_pointer self, run_shared* shared, caf::actor supervisor) {
  self->state.shared = shared;
  self->state.supervisor = supervisor;
  self->state.period = period_of(*shared);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->monitor(supervisor);
  self->delayed_send(self, self->state.period, tick_atom::value);
  return {
      [self](tick_atom) { tick(self); },
  };
}

}  // namespace millrace::runtime
