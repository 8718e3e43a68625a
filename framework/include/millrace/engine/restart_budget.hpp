#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "millrace/failure_policy.hpp"

namespace millrace::engine {

/// Decides whether and after what pause a region is brought back: at most `max_restarts` within `period`, the pause
/// doubling with each restart in that period. Pure. Thread: one owner.
class restart_budget {
public:
  /// The pause before the restart; nothing: the limit is reached.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next(const failure_policy& policy, std::int64_t now_ns) {
    const auto period = std::chrono::nanoseconds{policy.period}.count();
    while (!at_.empty() && now_ns - at_.front() > period) at_.pop_front();
    if (at_.size() >= policy.max_restarts) return std::nullopt;
    const auto doublings = std::min<std::size_t>(at_.size(), 20);
    at_.push_back(now_ns);
    return std::min(policy.backoff * (std::int64_t{1} << doublings), policy.backoff_max);
  }
  [[nodiscard]] std::size_t recent() const noexcept { return at_.size(); }

private:
  std::deque<std::int64_t> at_;
};

}  // namespace millrace::engine
