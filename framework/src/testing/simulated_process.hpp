#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/engine/restart_budget.hpp"
#include "millrace/testing/simulation.hpp"
#include "testing/seeded_scheduler.hpp"
#include "testing/simulated_channels.hpp"
#include "testing/simulated_coordinator.hpp"
#include "testing/simulated_letters.hpp"

namespace millrace::testing {

/// One life of a simulated process: supervisor, coordinator, writer, tasks and channels, from start to end or crash.
///
/// The decisions follow the live supervisor's: a region with a failed task is stopped, waits as its restart budget
/// says, and comes back from the newest snapshot. Thread: the simulation's.
class simulated_process {
public:
  struct shared {
    std::shared_ptr<const engine::plan> plan;
    simulation_options options;
    seeded_scheduler* scheduler = nullptr;
    memory_snapshot_store* store = nullptr;
    memory_event_log* log_store = nullptr;
    simulated_letters* letters = nullptr;
    std::vector<link_weather>* weather = nullptr;
    std::function<void(std::string)> log;
    std::function<void(task_id, std::shared_ptr<engine::task_stats>)> on_stats;
  };
  /// One line is one mailbox: whatever is sent stands in it at once, as with actors of one process, so an order that
  /// causality fixes cannot be turned round.
  struct mailboxes {
    seeded_scheduler::line supervisor, coordinator, writer;
    std::vector<seeded_scheduler::line> tasks;
  };

  explicit simulated_process(shared s);
  void start();
  void request_snapshot(bool last);

  /// False: no such task runs now.
  bool kill_task(const std::string& name);
  void on_failure(task_id task, generation incarnation, const engine::task_failure& failure);
  void on_done(bool stopped);
  void on_give_up(const std::string& why);

  [[nodiscard]] const engine::plan& plan() const noexcept { return *shared_.plan; }
  [[nodiscard]] seeded_scheduler& scheduler() noexcept { return *shared_.scheduler; }
  [[nodiscard]] memory_snapshot_store& store() noexcept { return *shared_.store; }
  [[nodiscard]] simulated_letters& letters() noexcept { return *shared_.letters; }
  [[nodiscard]] simulated_coordinator& coordinator() noexcept { return *coordinator_; }
  [[nodiscard]] const mailboxes& lines() const noexcept { return lines_; }
  [[nodiscard]] seeded_scheduler::line line_of(task_id id) const noexcept { return lines_.tasks[id.value]; }
  [[nodiscard]] bool is_producer(task_id id) const noexcept { return is_producer_[id.value]; }
  [[nodiscard]] generation newest_generation() const noexcept { return newest_; }
  void log(std::string message) { shared_.log(std::move(message)); }

  [[nodiscard]] simulation::phase now_is() const noexcept { return phase_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] bool has_escalated() const noexcept { return has_escalated_; }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }
  [[nodiscard]] epoch_id restored_epoch() const noexcept { return restored_; }
  [[nodiscard]] engine::task* find_task(const std::string& name) noexcept;

private:
  enum class region_phase { down, running, stopping, waiting };
  struct region_state {
    region_phase now = region_phase::down;
    std::size_t alive = 0;
    generation incarnation;
    engine::restart_budget budget;
    failure_policy policy;
  };
  using point_ptr = std::shared_ptr<const engine::restore_point>;

  void open_lines();
  void recover(std::vector<std::uint32_t> regions);
  void on_recovered(const std::vector<std::uint32_t>& regions, const point_ptr& point, generation incarnation);
  void spawn_tasks(std::uint32_t region, const point_ptr& point, generation incarnation);
  void stop_region(std::uint32_t region);
  void on_down(std::uint32_t region);
  void fail_run(std::string why, bool escalated = false);
  void end_run(simulation::phase how);
  void quit_if_over();
  [[nodiscard]] bool is_ending() const noexcept { return ending_ != simulation::phase::running; }

  shared shared_;
  mailboxes lines_{};
  std::vector<simulated_channels::lines> channel_lines_;
  std::vector<bool> is_producer_;
  std::unique_ptr<simulated_coordinator> coordinator_;
  std::vector<std::shared_ptr<simulated_task>> tasks_;
  std::vector<region_state> regions_;
  generation newest_;
  epoch_id restored_;
  simulation::phase phase_ = simulation::phase::running;
  simulation::phase ending_ = simulation::phase::running;
  std::string message_;
  bool has_escalated_ = false;
  std::uint64_t restarts_ = 0;
};

}  // namespace millrace::testing
