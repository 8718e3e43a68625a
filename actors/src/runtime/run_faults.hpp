#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "millrace/chaos/fault_board.hpp"
#include "runtime/alarm_clock.hpp"
#include "runtime/process_faults.hpp"

namespace millrace::runtime {

/// The faults of a run: the board with all that it needs around it. The run's alarms heal what nobody renews, so that
/// no controller is needed for that. Thread: any.
class run_faults {
public:
  /// Where tasks run that are not here, and how those nodes are told; empty: none take part.
  struct distant_nodes {
    std::function<std::string(task_id)> node_of{};
    std::function<result<void>(const std::string& node, const chaos::fault_order&)> tell{};
    std::string own_name{};  ///< of this node
  };
  /// Plan and alarms outlive it.
  run_faults(const engine::plan& plan, alarm_clock& alarms, std::function<void(log_level, const std::string&)> log,
             std::function<bool(task_id)> is_here, distant_nodes others);
  ~run_faults();
  run_faults(const run_faults&) = delete;
  run_faults& operator=(const run_faults&) = delete;

  [[nodiscard]] chaos::fault_board& board() const noexcept { return board_; }

private:
  /// Alarms keep a bell that they ring, so it may outlive the board.
  struct sweep_bell final : engine::doorbell {
    void ring() noexcept override {
      const std::lock_guard lock{mutex};
      if (board != nullptr) board->sweep();
    }
    std::mutex mutex;
    chaos::fault_board* board = nullptr;
  };
  void afflict(const std::shared_ptr<chaos::armed_fault>& f);

  std::shared_ptr<sweep_bell> sweeper_ = std::make_shared<sweep_bell>();
  process_faults process_;
  mutable chaos::fault_board board_;
};

}  // namespace millrace::runtime
