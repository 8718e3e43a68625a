#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/stateful_actor.hpp>

#include "millrace/engine/recovery.hpp"
#include "millrace/engine/task.hpp"
#include "runtime/caf_doorbell.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime {

/// A task's way to the run: its alarms, and the coordinator and supervisor it reports to. Outlives the task.
class task_link final : public engine::task_host {
public:
  task_link(task_id id, std::string name, generation incarnation, run_shared& shared)
      : id_{id}, name_{std::move(name)}, incarnation_{incarnation}, shared_{shared} {}

  void connect(caf::actor coordinator, caf::actor supervisor) {
    coordinator_ = std::move(coordinator);
    supervisor_ = std::move(supervisor);
  }
  void disconnect() {
    coordinator_ = nullptr;
    supervisor_ = nullptr;
  }
  [[nodiscard]] const std::shared_ptr<caf_doorbell>& bell() const noexcept { return bell_; }
  [[nodiscard]] const caf::actor& supervisor() const noexcept { return supervisor_; }
  [[nodiscard]] task_id id() const noexcept { return id_; }
  [[nodiscard]] run_shared& shared() const noexcept { return shared_; }
  /// Looked at before every step: a stopping task takes no more input, whatever waits in its mailbox.
  std::atomic<bool> stopping{false};
  /// Why the task is over. Written by the task, read by the supervisor once the task is down.
  std::string failure{};
  /// Of this incarnation and those it is rebuilt from; null: it cannot be rebuilt alone.
  std::shared_ptr<engine::task_journal> journal{};
  /// Somebody wants to know when it has caught up with what was done before.
  /// Before it begins the supervisor's, then the task's.
  bool tells_when_caught_up = false;
  /// Channels to receivers that were made anew and have not got everything yet,
  /// and their incarnation. The task's.
  std::vector<std::pair<channel_id, generation>> behind{};

  void wake_at(std::int64_t steady_ns) override;
  [[nodiscard]] engine::epoch_target target_of(epoch_id epoch) override { return shared_.target_of(epoch); }
  void snapshot_taken(engine::task_snapshot&& part) override;
  void snapshot_failed(epoch_id epoch, const error& why) override;
  void want_snapshot() override;
  void ended() override;
  void log(log_level level, std::string message) override;

private:
  task_id id_;
  std::string name_;
  generation incarnation_;
  run_shared& shared_;
  std::shared_ptr<caf_doorbell> bell_ = std::make_shared<caf_doorbell>();
  caf::actor coordinator_;
  caf::actor supervisor_;
  std::int64_t armed_ns_ = 0;  ///< the alarm set last; rung when that time is past
};

/// What a task's actor is made of. Ownership of the engine's task is the actor's: it dies with it, and so do its ends
/// of the channels.
struct task_state {
  std::shared_ptr<task_link> link;  ///< before the task, which it outlives
  std::unique_ptr<engine::task> task;
  std::shared_ptr<const engine::restore_point> from;
  std::shared_ptr<const letter_keeper::replays> replays;
  generation incarnation;
  bool has_begun = false;
};

/// The CAF actor around one task: steps it when its doorbell rings. Scheduler thread, or its own when the actor blocks.
caf::behavior task_actor(caf::stateful_actor<task_state, ordered_actor>* self, std::shared_ptr<task_state> parts);

}  // namespace millrace::runtime
