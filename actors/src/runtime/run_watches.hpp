#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "millrace/inspect/watch_board.hpp"
#include "runtime/alarm_clock.hpp"

namespace millrace::runtime {

/// The taps and breakpoints of a run: the board with all that it needs around it. The run's alarms take away what
/// nobody renews, so that no controller is needed for that. Thread: any.
class run_watches {
public:
  /// Plan and alarms outlive it.
  run_watches(const engine::plan& plan, alarm_clock& alarms, std::function<void(log_level, const std::string&)> log,
              std::function<bool(task_id)> is_here);
  ~run_watches();
  run_watches(const run_watches&) = delete;
  run_watches& operator=(const run_watches&) = delete;

  [[nodiscard]] inspect::watch_board& board() const noexcept { return board_; }

private:
  /// Alarms keep a bell that they ring, so it may outlive the board.
  struct sweep_bell final : engine::doorbell {
    void ring() noexcept override {
      const std::lock_guard lock{mutex};
      if (board != nullptr) board->sweep();
    }
    std::mutex mutex;
    inspect::watch_board* board = nullptr;
  };

  std::shared_ptr<sweep_bell> sweeper_ = std::make_shared<sweep_bell>();
  mutable inspect::watch_board board_;
};

}  // namespace millrace::runtime
