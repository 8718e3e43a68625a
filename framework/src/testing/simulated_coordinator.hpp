#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/engine/epoch_coordinator.hpp"
#include "testing/simulated_task.hpp"

namespace millrace::testing {

/// Moves the messages that `engine::epoch_coordinator` decides on, as the live coordinator and snapshot writer do.
class simulated_coordinator {
public:
  simulated_coordinator(simulated_process& process, engine::epoch_coordinator::timing t);

  void tick();
  /// All regions run: these are their tasks, in order of id.
  void on_tasks(std::vector<std::weak_ptr<simulated_task>> tasks);
  void on_pause();
  void on_part(engine::task_snapshot&& part);
  void on_refusal(epoch_id epoch, const std::string& why);
  void on_ended(task_id task, generation incarnation);
  void on_request(bool last);
  [[nodiscard]] engine::epoch_target target_of(epoch_id epoch) const;

  [[nodiscard]] std::uint64_t snapshots() const noexcept { return snapshots_; }
  [[nodiscard]] std::uint64_t snapshot_failures() const noexcept { return failures_; }

private:
  void check();
  void ask_number();
  void start_epoch(engine::epoch_target target);
  void write(std::vector<engine::task_snapshot>&& parts);
  void on_written(epoch_id epoch, epoch_id oldest_retained, const std::string& error);
  void give_up_epoch(const std::string& why);
  void tell_tasks(epoch_id epoch, epoch_id oldest_retained, bool complete);
  void give_up_run(const std::string& why);
  [[nodiscard]] std::int64_t now() const;

  simulated_process& process_;
  engine::epoch_coordinator decide_;
  std::vector<std::weak_ptr<simulated_task>> tasks_;
  std::map<epoch_id, engine::epoch_target> epochs_;
  bool is_paused_ = true;
  bool is_number_asked_ = false;
  bool is_writing_ = false;
  std::uint64_t snapshots_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace millrace::testing
