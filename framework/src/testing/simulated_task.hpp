#pragma once

#include <memory>
#include <string>

#include "millrace/engine/recovery.hpp"
#include "millrace/engine/task.hpp"

namespace millrace::testing {

class simulated_process;

/// One incarnation of a task with its doorbell and alarm: what the CAF actor around a task is live.
class simulated_task final : public engine::task_host, public std::enable_shared_from_this<simulated_task> {
public:
  simulated_task(simulated_process& process, task_id id, std::string name, generation incarnation)
      : process_{process}, id_{id}, name_{std::move(name)}, incarnation_{incarnation} {}

  std::unique_ptr<engine::task> work;
  bool is_stopping = false;  ///< takes no more input, whatever waits in its mailbox
  bool is_killed = false;    ///< its end is in its mailbox

  [[nodiscard]] task_id id() const noexcept { return id_; }
  [[nodiscard]] generation incarnation() const noexcept { return incarnation_; }

  void ring();
  void begin(const engine::restore_point& from);
  void inject_barrier(const engine::epoch_target& target);
  /// Ends as if a handler had thrown. False: it is over already.
  bool kill();
  void end_epoch(epoch_id epoch, epoch_id oldest_retained, bool complete);

  void wake_at(std::int64_t steady_ns) override;
  [[nodiscard]] engine::epoch_target target_of(epoch_id epoch) override;
  void snapshot_taken(engine::task_snapshot&& part) override;
  void snapshot_failed(epoch_id epoch, const error& why) override;
  void want_snapshot() override;
  void ended() override;
  void log(log_level level, std::string message) override;

private:
  void run();
  void report(engine::task_failure failure);

  simulated_process& process_;
  task_id id_;
  std::string name_;
  generation incarnation_;
  bool is_rung_ = false;
  bool has_begun_ = false;
  std::int64_t armed_ns_ = 0;
};

}  // namespace millrace::testing
