#pragma once

#include <cstdint>

#include "millrace/engine/task_stats.hpp"

namespace millrace::engine {

/// Accounts for a task's time: working, waiting for credit, waiting for a processor.
///
/// What has begun and not ended is left as a stamp, so that a reader sees it grow while the task itself is stuck. How
/// much of the work was the processor's is measured for one step in ten milliseconds, as asking costs a system call.
/// Thread: owning task.
class step_meter {
public:
  /// What a task does after a step.
  enum class next : std::uint8_t {
    waits,    ///< for input
    blocked,  ///< for credit
    ready,    ///< goes on as soon as it gets a thread
  };

  /// `measures`: off, only the sums that the engine always kept are kept.
  step_meter(task_stats& stats, bool measures, std::int64_t now) noexcept : stats_{stats}, measures_{measures} {
    stats_.progressed_at.set(now);
  }

  void begin(std::int64_t now) noexcept;
  void end(std::int64_t now, next then, bool has_worked) noexcept;

private:
  task_stats& stats_;
  bool measures_;
  bool is_sampling_ = false;
  std::int64_t started_ = 0;
  std::int64_t sampled_at_ = 0;
  std::int64_t cpu_at_start_ = 0;
};

}  // namespace millrace::engine
