#pragma once

#include <chrono>
#include <cstdint>

#include "millrace/time.hpp"

namespace millrace::nexmark {

/// Event time cut into pieces of equal length: piece n holds n · length ≤ t < (n + 1) · length.
struct time_slices {
  std::chrono::nanoseconds length;

  [[nodiscard]] constexpr std::int64_t of(event_time t) const noexcept {
    const auto n = t.ns / length.count();
    return t.ns % length.count() < 0 ? n - 1 : n;
  }
  [[nodiscard]] constexpr event_time start(std::int64_t n) const noexcept { return {n * length.count()}; }
  [[nodiscard]] constexpr event_time end(std::int64_t n) const noexcept { return start(n + 1); }
};

inline constexpr time_slices two_seconds{std::chrono::seconds{2}};
inline constexpr time_slices ten_seconds{std::chrono::seconds{10}};
inline constexpr time_slices days{std::chrono::hours{24}};

}  // namespace millrace::nexmark
