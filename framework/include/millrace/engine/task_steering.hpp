#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "millrace/ids.hpp"
#include "millrace/param.hpp"

namespace millrace {
class actor;
}

namespace millrace::engine {

/// What the owner of a run wants of a task, and may change while it runs. Outlives the task's incarnations, so one that
/// is made anew is as the one before it was. Thread: any.
class task_steering {
public:
  /// A producer takes no more input; the other tasks only handle what is on its way.
  void pause(bool on) noexcept { is_paused_.store(on, std::memory_order_relaxed); }
  [[nodiscard]] bool is_paused() const noexcept { return is_paused_.load(std::memory_order_relaxed); }

  /// From its next step on the task's output is dropped, and counted; of a sink, its input. Its dead letters,
  /// watermarks and barriers go on.
  void mute(bool on) noexcept { is_muted_.store(on, std::memory_order_relaxed); }
  [[nodiscard]] bool is_muted() const noexcept { return is_muted_.load(std::memory_order_relaxed); }
  void count_muted(std::uint64_t events) noexcept { muted_.fetch_add(events, std::memory_order_relaxed); }
  /// Events dropped since the run began.
  [[nodiscard]] std::uint64_t muted_events() const noexcept { return muted_.load(std::memory_order_relaxed); }

  /// The parameter has this value behind the barrier of `epoch`. The value fits the parameter. No task may have an
  /// older barrier with a setting still before it.
  void set(epoch_id epoch, const std::string& param, param_value value);
  /// Of the newest setting; 0: there is none.
  [[nodiscard]] epoch_id newest_setting() const noexcept { return {newest_.load(std::memory_order_acquire)}; }
  /// Gives the actor what was set up to `epoch`. Thread: the task's, or nobody's yet.
  void apply(epoch_id epoch, actor& to) const;

private:
  struct setting {
    epoch_id from;
    param_value value;
  };
  std::atomic<bool> is_paused_{false};
  std::atomic<bool> is_muted_{false};
  std::atomic<std::uint64_t> muted_{0};
  std::atomic<std::uint64_t> newest_{0};
  mutable std::mutex mutex_;
  std::map<std::string, setting> settings_;  // by parameter, of which there are few
};

}  // namespace millrace::engine
