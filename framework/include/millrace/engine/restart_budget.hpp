#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "millrace/failure_policy.hpp"

namespace millrace::engine {

/// Decides whether and after what pause a region is brought back: at most `max_restarts` within `period`, the pause
/// doubling with each restart in that period, and varied by the policy's jitter. Pure. Thread: one owner.
class restart_budget {
public:
  /// The pause before the restart; nothing: the limit is reached. `draw` from [0, 1) decides what the jitter adds or
  /// takes away: nothing in the middle.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next(const failure_policy& policy, std::int64_t now_ns,
                                                             double draw = 0.5) {
    const auto period = std::chrono::nanoseconds{policy.period}.count();
    while (!at_.empty() && now_ns - at_.front() > period) at_.pop_front();
    if (at_.size() >= policy.max_restarts) return std::nullopt;
    const auto doublings = std::min<std::size_t>(at_.size(), 20);
    at_.push_back(now_ns);
    const std::chrono::nanoseconds pause =
        std::min(policy.backoff * (std::int64_t{1} << doublings), policy.backoff_max);
    const auto jitter = static_cast<double>(pause.count()) * policy.jitter_percent / 100 * (2 * draw - 1);
    return pause + std::chrono::nanoseconds{static_cast<std::int64_t>(jitter)};
  }
  [[nodiscard]] std::size_t recent() const noexcept { return at_.size(); }

private:
  std::deque<std::int64_t> at_;
};

}  // namespace millrace::engine
