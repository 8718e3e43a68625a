#pragma once

#include <chrono>
#include <cstdint>

#include "millrace/time.hpp"

namespace millrace {

/// Keeps calls from something that fails anyway (Nygard, Release It!, 2007).
///
/// Closed: calls go through. After `failures` in a row it opens: none do. After `open_for` it is half open: one call
/// goes through as a probe; when it succeeds the breaker closes, when it fails it opens anew, for twice as long, up to
/// `open_max`. A probe nobody reports on counts as failed after `open_for`.
/// Thread: one owner; time is what it is told.
class circuit_breaker {
public:
  enum class state : std::uint8_t { closed, open, half_open };
  struct setting {
    std::uint32_t failures = 5;  ///< 0: it never opens
    std::chrono::nanoseconds open_for = std::chrono::seconds{5};
    std::chrono::nanoseconds open_max = std::chrono::minutes{1};
  };
  explicit circuit_breaker(const setting& s) noexcept : setting_{s}, open_for_{s.open_for} {}

  [[nodiscard]] state now() const noexcept { return state_; }
  /// Whether a call may go through. True once in half open: that call is the probe, and has to be reported on.
  [[nodiscard]] bool allows(processing_time at) noexcept;
  /// How long until `allows` can be true; 0: now.
  [[nodiscard]] std::chrono::nanoseconds until_allowed(processing_time at) const noexcept;
  void succeeded() noexcept;
  void failed(processing_time at) noexcept;

private:
  void open(processing_time at) noexcept;

  setting setting_;
  state state_ = state::closed;
  std::uint32_t failures_ = 0;  // in a row
  std::chrono::nanoseconds open_for_;
  processing_time next_{};  // when an open or half open one lets a call through
};

[[nodiscard]] const char* to_string(circuit_breaker::state s) noexcept;

}  // namespace millrace
