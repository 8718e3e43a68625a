#include <chrono>
#include <utility>

#include "runtime/remote/exchange.hpp"
#include "runtime/supervision.hpp"

namespace millrace::runtime::supervision {

namespace {

// Tasks look at their stop flag before every step, so this is only reached when a handler hangs.
constexpr auto ending_timeout = std::chrono::seconds{15};

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

}  // namespace

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
  s.ending->has_left_behind = s.left_behind != 0;
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

void fail_run(self_pointer self, std::string why, bool escalated) {
  end_run(self, {run_outcome::kind::failed, escalated, std::move(why)});
}

void stop_region(self_pointer self, std::uint32_t region, std::chrono::nanoseconds pause) {
  auto& s = self->state;
  s.regions[region].now = phase::stopping;
  s.regions[region].pause = pause;
  s.regions[region].handled = s.shared->handled_by_sinks(region);
  const auto alone = std::exchange(s.rebuild, std::nullopt);
  s.rebuilt.clear();
  s.shared->set_state("restoring");
  self->send(s.coordinator, pause_atom::value);
  for (const auto& t : s.shared->plan->tasks) {
    if (t.region != region) continue;
    if (s.tasks[t.id.value]) kill_task(self, t.id.value);
    s.shared->health.change(t.id, health::running, health::restoring, "its region goes back");
    s.shared->health.change(t.id, health::degraded, health::restoring, "its region goes back");
  }
  s.guests->forget_pages();
  // Nobody else would bring back a region some of whose tasks were to come
  // back.
  if (alone && region_of(s, alone->cause) != region) {
    const auto other = region_of(s, alone->cause);
    stop_region(self, other, alone->pause);
    s.regions[other].recovery = alone->number;
    s.shared->recoveries.widen(alone->number, "region", "another region goes back", tasks_of(s, other));
  }
  auto& r = s.regions[region];
  if (r.alive != 0) return;
  r.now = phase::waiting;
  self->delayed_send(self, pause, revive_atom::value, region);
}

}  // namespace millrace::runtime::supervision
