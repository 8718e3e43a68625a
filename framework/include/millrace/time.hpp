#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace millrace {

/// When something happened, by the data's own account: nanoseconds since the Unix epoch, UTC.
///
/// A type of its own, so that event time and processing time cannot be mixed up. Also what watermarks are measured in:
/// `event_time::min()` is "nothing known yet", `event_time::max()` is "the input has ended".
struct event_time {
  std::int64_t ns = 0;

  [[nodiscard]] static constexpr event_time min() noexcept { return {std::numeric_limits<std::int64_t>::min()}; }
  [[nodiscard]] static constexpr event_time max() noexcept { return {std::numeric_limits<std::int64_t>::max()}; }

  constexpr auto operator<=>(const event_time&) const noexcept = default;

  friend constexpr event_time operator+(event_time t, std::chrono::nanoseconds d) noexcept {
    return {t.ns + d.count()};
  }
  friend constexpr event_time operator-(event_time t, std::chrono::nanoseconds d) noexcept {
    return {t.ns - d.count()};
  }
  friend constexpr std::chrono::nanoseconds operator-(event_time a, event_time b) noexcept {
    return std::chrono::nanoseconds{a.ns - b.ns};
  }
};

/// When the program saw something: nanoseconds since the Unix epoch by the clock the context hands out.
struct processing_time {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const processing_time&) const noexcept = default;

  friend constexpr processing_time operator+(processing_time t, std::chrono::nanoseconds d) noexcept {
    return {t.ns + d.count()};
  }
  friend constexpr std::chrono::nanoseconds operator-(processing_time a, processing_time b) noexcept {
    return std::chrono::nanoseconds{a.ns - b.ns};
  }
};

}  // namespace millrace
