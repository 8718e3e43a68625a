#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/inproc_channels.hpp"
#include "runtime/supervision.hpp"
#include "runtime/task_making.hpp"

namespace millrace::runtime::supervision {

namespace {

using way_back = supervisor_state::way_back;

// Only reached when the disk hangs; reading state takes as long as there is state.
constexpr auto restore_timeout = std::chrono::minutes{10};
// The snapshot that it waited for may have found some: they went to the task that is no more.
const char* const letters_obstacle = "dead letters are being replayed";

/// The ends of channels that belong to tasks that go on.
struct far_ends {
  std::vector<std::pair<task_id, reconnect_message>> to;
};

/// Keeps the ends of the tasks that come back for them and puts the others
/// aside.
class parting_channels final : public engine::channel_factory {
public:
  parting_channels(engine::channel_factory& all, const std::set<task_id>& own, far_ends& far)
      : all_{all}, own_{own}, far_{far} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override {
    auto made = all_.make(channel, incarnation);
    const bool has_source = own_.contains(channel.source);
    if (!made || (has_source && own_.contains(channel.target))) return made;
    auto far = std::make_shared<reconnect_message::ends>();
    if (has_source) {
      far->receiver = std::move(made->second);
    } else {
      far->sender = std::move(made->first);
    }
    far_.to.emplace_back(has_source ? channel.target : channel.source,
                         reconnect_message{channel.id, channel.name, std::move(far), incarnation, {}});
    return made;
  }

private:
  engine::channel_factory& all_;
  const std::set<task_id>& own_;
  far_ends& far_;
};

/// Ends those of the tasks that are still there, and has their senders go on
/// without them.
void take_down(self_pointer self, const std::set<task_id>& tasks) {
  auto& s = self->state;
  for (const auto id : tasks) {
    if (!s.tasks[id.value]) continue;
    s.rebuild->not_down.insert(id);
    kill_task(self, id.value);
    const auto why =
        id == s.rebuild->cause ? s.rebuild->why : "goes back with " + s.shared->plan->task_name(s.rebuild->cause);
    s.shared->health.set(id, id == s.rebuild->cause ? health::backing_off : health::restoring, why);
  }
  for (const auto& c : s.shared->plan->channels) {
    if (!tasks.contains(c.target) || s.rebuild->way.tasks.contains(c.source) || !s.tasks[c.source.value]) continue;
    self->send(s.tasks[c.source.value], parting_message{c.name});
  }
}

void tell_far_ends(self_pointer self, far_ends& far, epoch_id from) {
  auto& s = self->state;
  for (auto& [neighbour, m] : far.to) {
    m.from = from;
    self->send(s.tasks[neighbour.value], m);
  }
}

void begin_tasks(self_pointer self, std::vector<std::unique_ptr<engine::task>> made, const restored_message& from,
                 far_ends& far) {
  auto& s = self->state;
  const auto& r = *s.rebuild;
  std::set<std::string> channels;
  for (const auto& [neighbour, m] : far.to) {
    if (m.end->sender) channels.insert(m.channel);
  }
  s.shared->recoveries.reach(r.number, recovery_board::step::made);
  s.shared->recoveries.wait_for(r.number, from.incarnation, from.point->epoch, r.way.tasks, channels);
  tell_far_ends(self, far, from.point->epoch);
  auto next = made.begin();
  for (const auto id : r.way.tasks) {
    s.links[id.value]->tells_when_caught_up = true;
    spawn_here(self, id, std::move(*next++), from);
    s.rebuilt[id] = from.point->epoch;
  }
  for (const auto id : r.way.tasks) self->send(s.tasks[id.value], begin_atom::value);
}

std::string report_of(const supervisor_state& s, epoch_id from) {
  const auto& r = *s.rebuild;
  auto text = s.shared->plan->task_name(r.cause) + " was rebuilt ";
  if (r.way.how == way_back::kind::alone) {
    text += "alone";
  } else {
    text += "with " + std::to_string(r.way.tasks.size() - 1) + " other tasks of its ";
    text += r.way.scope == "group" ? "group and downstream" : "rest, which lies downstream,";
  }
  text += " from snapshot " + std::to_string(from.value) + " after: " + r.why;
  return text;
}

void put_back(self_pointer self, const restored_message& from) {
  auto& s = self->state;
  const auto& r = *s.rebuild;
  const bool is_alone = r.way.how == way_back::kind::alone;
  if (s.shared->replays_under_way) return give_up_rebuilding(self, letters_obstacle);
  if (s.shared->steering.has_settings_after(from.point->epoch)) {
    // All partitions change at the same barrier, which those that go on have behind them.
    return give_up_rebuilding(self, "parameters were changed since its last snapshot");
  }
  if (is_alone) {
    const auto obstacle = s.links[r.cause.value]->journal->obstacle(from.point->epoch);
    if (!obstacle.empty()) return widen(self, obstacle);
  }
  for (const auto id : r.way.tasks) {
    // Who goes back with all that lies behind it may do things in another order
    // than before.
    auto journal = is_alone ? s.links[id.value]->journal : std::make_shared<engine::task_journal>();
    s.links[id.value] = fresh_link(self, id, from.incarnation, std::move(journal));
  }
  far_ends far;
  const task_making making{*s.shared,
                           region_of(s, r.cause),
                           from.incarnation,
                           s.shared->options.batch_events,
                           [](task_id) { return std::string{}; },
                           [&s](task_id t) -> task_link& { return *s.links[t.value]; },
                           [&r](task_id t) { return r.way.tasks.contains(t); },
                           [&](engine::channel_factory& all) -> std::unique_ptr<engine::channel_factory> {
                             return std::make_unique<parting_channels>(all, r.way.tasks, far);
                           }};
  auto made = making.make();
  if (!made) return fail_run(self, made.error().message);
  begin_tasks(self, *std::move(made), from, far);
  s.shared->on_rebuilt(report_of(s, from.point->epoch));
  s.rebuild.reset();
  tell_coordinator(self);
}

}  // namespace

void give_up_rebuilding(self_pointer self, const std::string& why) {
  auto& s = self->state;
  const auto r = *s.rebuild;
  const auto region = region_of(s, r.cause);
  s.shared->log(log_level::info, s.shared->plan->task_name(r.cause) + " takes its region back with it: " + why);
  s.shared->recoveries.widen(r.number, "region", why, tasks_of(s, region));
  stop_region(self, region, r.is_pausing ? std::chrono::nanoseconds{0} : r.pause);
  s.regions[region].recovery = r.number;
}

void widen(self_pointer self, const std::string& obstacle) {
  auto& s = self->state;
  auto& r = *s.rebuild;
  auto way = wider(self, r.cause, obstacle);
  if (way.how == way_back::kind::region) return give_up_rebuilding(self, obstacle);
  s.shared->log(log_level::info,
                s.shared->plan->task_name(r.cause) + " takes what lies downstream back with it: " + obstacle);
  s.shared->recoveries.widen(r.number, way.scope, way.obstacle, way.tasks.size());
  r.way = std::move(way);
  take_down(self, r.way.tasks);
  go_on_rebuilding(self);
}

void begin_rebuilding(self_pointer self, supervisor_state::rebuilding r) {
  auto& s = self->state;
  s.rebuild = std::move(r);
  self->send(s.coordinator, hold_atom::value);
  take_down(self, s.rebuild->way.tasks);
  go_on_rebuilding(self);
}

void go_on_rebuilding(self_pointer self) {
  auto& s = self->state;
  auto& r = *s.rebuild;
  if (!r.not_down.empty() || !r.is_held) return;
  if (s.shared->replays_under_way) return give_up_rebuilding(self, letters_obstacle);
  if (r.way.how == way_back::kind::alone) {
    const auto obstacle = s.links[r.cause.value]->journal->obstacle(s.shared->newest_epoch());
    if (!obstacle.empty()) return widen(self, obstacle);
  }
  s.shared->recoveries.reach(r.number, recovery_board::step::ended);
  // It may have paused already, and found then that more have to go back.
  const auto pause = std::exchange(r.is_pausing, true) ? std::chrono::nanoseconds{0} : r.pause;
  self->delayed_send(self, pause, rebuild_atom::value, r.number);
}

void rebuild(self_pointer self, std::uint64_t number) {
  auto& s = self->state;
  if (s.ending || !s.rebuild || s.rebuild->number != number) return;
  if (!s.rebuild->not_down.empty() || !s.rebuild->is_held) return;
  s.shared->recoveries.reach(number, recovery_board::step::backed_off);
  for (const auto id : s.rebuild->way.tasks) {
    s.shared->health.change(id, health::backing_off, health::restoring, s.rebuild->why);
  }
  const auto& tasks = s.rebuild->way.tasks;
  self->request(s.writer, restore_timeout, recover_message{{tasks.begin(), tasks.end()}})
      .then(
          [self, number](const restored_message& m) {
            auto& state = self->state;
            if (state.ending || !state.rebuild || state.rebuild->number != number) return;
            if (!m.error.empty()) return give_up_rebuilding(self, m.error);
            state.shared->recoveries.reach(number, recovery_board::step::opened);
            put_back(self, m);
          },
          [self](const caf::error&) { fail_run(self, "the snapshot writer did not answer"); });
}

}  // namespace millrace::runtime::supervision
