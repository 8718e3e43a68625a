#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "millrace/context.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// When a call that failed is tried again: after a pause that doubles, half of it drawn at random, so that many callers
/// do not come back at once ("equal jitter": Brooker, Exponential Backoff And Jitter, AWS 2015), and until a deadline.
///
/// Thread: one owner; time and randomness are what it is given.
class retry_schedule {
public:
  struct setting {
    std::chrono::nanoseconds first = std::chrono::milliseconds{100};
    std::chrono::nanoseconds max = std::chrono::seconds{10};
    std::chrono::nanoseconds deadline = std::chrono::seconds{30};  ///< from the first attempt on
  };
  retry_schedule(const setting& s, processing_time now) noexcept
      : setting_{s}, next_{s.first}, ends_{now + s.deadline} {}

  /// The pause before the next attempt, at least `asked` (what the other side wants); nothing: it would begin behind
  /// the deadline.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> pause(processing_time now, random_source& random,
                                                              std::chrono::nanoseconds asked = {}) noexcept {
    const auto half = next_ / 2;
    const auto drawn =
        half +
        std::chrono::nanoseconds{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(half.count()) + 1))};
    next_ = std::min(next_ * 2, setting_.max);
    const auto wait = std::max(drawn, asked);
    if (now + wait >= ends_) return std::nullopt;
    return wait;
  }

private:
  setting setting_;
  std::chrono::nanoseconds next_;
  processing_time ends_;
};

}  // namespace millrace
