#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/inproc_channels.hpp"
#include "runtime/supervision.hpp"
#include "runtime/task_making.hpp"

namespace millrace::runtime::supervision {

namespace {

// Only reached when the disk hangs; reading state takes as long as there is state.
constexpr auto restore_timeout = std::chrono::minutes{10};

/// The ends of a task's channels that belong to its neighbours.
struct far_ends {
  std::vector<std::pair<task_id, reconnect_message>> to;
};

/// Keeps the task's own ends for it and puts the others aside.
class parting_channels final : public engine::channel_factory {
public:
  parting_channels(engine::channel_factory& all, task_id own, far_ends& far) : all_{all}, own_{own}, far_{far} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override {
    auto made = all_.make(channel, incarnation);
    if (!made) return made;
    auto far = std::make_shared<reconnect_message::ends>();
    const bool is_source = channel.source == own_;
    if (is_source) {
      far->receiver = std::move(made->second);
    } else {
      far->sender = std::move(made->first);
    }
    far_.to.emplace_back(is_source ? channel.target : channel.source,
                         reconnect_message{channel.name, std::move(far), incarnation, {}});
    return made;
  }

private:
  engine::channel_factory& all_;
  task_id own_;
  far_ends& far_;
};

void give_up_rebuilding(self_pointer self, const std::string& why) {
  auto& s = self->state;
  const auto task = s.rebuild->task;
  s.shared->log(log_level::info, s.shared->plan->task_name(task) + " takes its region back with it: " + why);
  stop_region(self, region_of(s, task));
}

void put_back(self_pointer self, const restored_message& from) {
  auto& s = self->state;
  const auto id = s.rebuild->task;
  const auto& plan = *s.shared->plan;
  if (const auto obstacle = s.links[id.value]->journal->obstacle(from.point->epoch); !obstacle.empty()) {
    return give_up_rebuilding(self, obstacle);
  }
  if (s.shared->steering.has_settings_after(from.point->epoch)) {
    return give_up_rebuilding(self, "parameters were changed since its last snapshot");
  }
  s.links[id.value] = fresh_link(self, id, from.incarnation, s.links[id.value]->journal);
  s.links[id.value]->rebuilt_since_ns = s.rebuild->failed_ns;
  far_ends far;
  const task_making making{*s.shared,
                           region_of(s, id),
                           from.incarnation,
                           s.shared->options.batch_events,
                           [](task_id) { return std::string{}; },
                           [&s](task_id t) -> task_link& { return *s.links[t.value]; },
                           id,
                           [&](engine::channel_factory& all) -> std::unique_ptr<engine::channel_factory> {
                             return std::make_unique<parting_channels>(all, id, far);
                           }};
  auto made = making.make();
  if (!made) return fail_run(self, made.error().message);
  for (auto& [neighbour, m] : far.to) {
    m.from = from.point->epoch;
    self->send(s.tasks[neighbour.value], m);
  }
  spawn_here(self, id, std::move(made->front()), from);
  s.rebuilt[id] = from.point->epoch;
  s.shared->on_rebuilt(plan.task_name(id) + " was rebuilt alone from snapshot " +
                       std::to_string(from.point->epoch.value) + " after: " + s.rebuild->why);
  s.rebuild.reset();
  self->send(s.tasks[id.value], begin_atom::value);
  tell_coordinator(self);
}

}  // namespace

std::string why_not_alone(self_pointer self, task_id id) {
  auto& s = self->state;
  const auto& plan = *s.shared->plan;
  const auto kind = s.shared->kinds[plan.tasks[id.value].actor];
  const auto& link = s.links[id.value];
  if (!link || !link->journal) return "nothing is retained for it";
  if (s.rebuild) return "another task is being rebuilt";
  if (s.regions[region_of(s, id)].reopens) return "dead letters are being replayed";
  if (kind == actor_kind::producer) return "producers are not rebuilt alone";
  if (!s.guests->nodes_of(region_of(s, id)).empty()) return "tasks of its region run on other nodes";
  if (std::ranges::any_of(s.regions, [](const auto& r) { return r.now != phase::running; })) {
    return "another region is coming back";
  }
  // What a rebuilt neighbour sends comes in other pieces than those the journal counts.
  const auto newest = s.shared->newest_epoch();
  // The other way round, a rebuilt receiver may still count what this task sent before.
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

void begin_rebuilding(self_pointer self, task_id id, const std::string& why) {
  auto& s = self->state;
  s.rebuild = supervisor_state::rebuilding{id, why, s.shared->time.steady_ns()};
  self->send(s.coordinator, hold_atom::value);
  // It may have ended by itself.
  if (s.tasks[id.value]) {
    kill_task(self, id.value);
  } else {
    s.rebuild->is_down = true;
  }
}

void go_on_rebuilding(self_pointer self) {
  auto& s = self->state;
  if (!s.rebuild->is_down || !s.rebuild->is_held) return;
  const auto& journal = *s.links[s.rebuild->task.value]->journal;
  if (const auto obstacle = journal.obstacle(s.shared->newest_epoch()); !obstacle.empty()) {
    return give_up_rebuilding(self, obstacle);
  }
  auto& r = s.regions[region_of(s, s.rebuild->task)];
  const auto pause = r.budget.next(r.policy, s.shared->time.steady_ns());
  if (!pause) {
    return fail_run(self, s.rebuild->why + "; given up after " + std::to_string(r.policy.max_restarts) + " restarts");
  }
  self->delayed_send(self, *pause, rebuild_atom::value, s.rebuild->task.value);
}

void rebuild(self_pointer self, task_id id) {
  auto& s = self->state;
  if (s.ending || !s.rebuild || s.rebuild->task != id) return;
  if (!s.rebuild->is_down || !s.rebuild->is_held) return;  // word of an earlier rebuilding
  self->request(s.writer, restore_timeout, recover_atom::value, id.value)
      .then(
          [self, id](const restored_message& m) {
            auto& state = self->state;
            if (state.ending || !state.rebuild || state.rebuild->task != id) return;
            if (!m.error.empty()) return give_up_rebuilding(self, m.error);
            put_back(self, m);
          },
          [self](const caf::error&) { fail_run(self, "the snapshot writer did not answer"); });
}

}  // namespace millrace::runtime::supervision
