#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "millrace/time.hpp"

namespace millrace::engine {

/// The event time a task's whole input is complete to: the minimum over its channels that are not idle, never going
/// back. When all are idle it stands still: idleness says nothing about time. Pure.
class watermark_tracker {
public:
  enum class rule : std::uint8_t {
    slowest,
    /// Idle channels hold time, too; idleness is passed on when all are. For what merges the work of several tasks that
    /// all have the same inputs: when these go on, each of the tasks will, one sooner than the other.
    slowest_of_all,
    fastest,  ///< wrong; for negative controls
  };
  explicit watermark_tracker(std::size_t channels, rule r = rule::slowest)
      : of_(channels, event_time::min()), idle_(channels, false), rule_{r} {}

  /// The channel is at `t` and not idle (any more). True when the minimum moved forward.
  bool advance(std::size_t channel, event_time t) {
    if (idle_[channel]) {
      idle_[channel] = false;
      --idle_count_;
    }
    if (t <= of_[channel]) return false;
    const bool could_hold = of_[channel] <= minimum_;
    of_[channel] = t;
    if (rule_ == rule::fastest && t > minimum_) {
      minimum_ = t;
      return true;
    }
    return could_hold && recompute();
  }
  /// Nothing is expected from the channel for a while. True when the minimum moved forward.
  bool set_idle(std::size_t channel) {
    if (idle_[channel]) return false;
    idle_[channel] = true;
    ++idle_count_;
    return recompute();
  }
  [[nodiscard]] bool is_idle(std::size_t channel) const noexcept { return idle_[channel]; }
  /// Every channel that has not ended is idle, and there is one.
  [[nodiscard]] bool all_idle() const noexcept {
    if (idle_count_ == 0) return false;
    for (std::size_t i = 0; i < of_.size(); ++i) {
      if (!idle_[i] && of_[i] != event_time::max()) return false;
    }
    return true;
  }
  [[nodiscard]] event_time current() const noexcept { return minimum_; }
  [[nodiscard]] event_time of(std::size_t channel) const noexcept { return of_[channel]; }
  /// Loads a snapshot's values.
  void restore_minimum(event_time t) noexcept { minimum_ = std::max(minimum_, t); }

private:
  bool recompute() {
    auto least = event_time::max();
    for (std::size_t i = 0; i < of_.size(); ++i) {
      if (!idle_[i] || rule_ == rule::slowest_of_all) least = std::min(least, of_[i]);
    }
    // Only ended channels besides idle ones: the end of the input is not near.
    if (least <= minimum_ || (least == event_time::max() && idle_count_ != 0)) return false;
    minimum_ = least;
    return true;
  }

  std::vector<event_time> of_;
  std::vector<bool> idle_;
  std::size_t idle_count_ = 0;
  rule rule_;
  event_time minimum_ = event_time::min();
};

}  // namespace millrace::engine
