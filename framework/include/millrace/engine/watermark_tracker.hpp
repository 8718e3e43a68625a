#pragma once

#include <algorithm>
#include <vector>

#include "millrace/time.hpp"

namespace millrace::engine {

/// The event time a task's whole input is complete to: the minimum over its channels, never going back. Pure.
class watermark_tracker {
public:
  explicit watermark_tracker(std::size_t channels) : of_(channels, event_time::min()) {}

  /// True when the minimum moved forward.
  bool advance(std::size_t channel, event_time t) {
    if (t <= of_[channel]) return false;
    const bool was_minimum = of_[channel] == minimum_;
    of_[channel] = t;
    if (!was_minimum) return false;
    const auto least = *std::min_element(of_.begin(), of_.end());
    if (least <= minimum_) return false;
    minimum_ = least;
    return true;
  }
  [[nodiscard]] event_time current() const noexcept { return minimum_; }
  [[nodiscard]] event_time of(std::size_t channel) const noexcept { return of_[channel]; }
  /// Loads a snapshot's values.
  void restore(std::size_t channel, event_time t) noexcept { of_[channel] = t; }
  void restore_minimum(event_time t) noexcept { minimum_ = t; }

private:
  std::vector<event_time> of_;
  event_time minimum_ = event_time::min();
};

}  // namespace millrace::engine
