#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace millrace::library {

/// Spreads events evenly over `pace_time`: what a producer may emit now, and when the next event is due.
///
/// After a standstill (backpressure, a suspended laptop) at most one second's worth is caught up, so that a pause does
/// not end in a flood. Thread: owning actor.
class pacer {
public:
  /// Events per second; 0: no limit.
  explicit pacer(double rate = 0) noexcept : rate_{rate} {}

  /// How many of `wanted` events may go out at `now`.
  [[nodiscard]] std::size_t allowed(std::chrono::nanoseconds now, std::size_t wanted) noexcept {
    if (rate_ <= 0) return wanted;
    if (!started_) {
      started_ = true;
      next_ = now;
    }
    if (now < next_) return 0;
    if (now - next_ > catch_up_max) next_ = now - catch_up_max;
    const double due = static_cast<double>((now - next_).count()) * rate_ * 1e-9 + 1;
    return due < static_cast<double>(wanted) ? static_cast<std::size_t>(due) : wanted;
  }
  void took(std::size_t events) noexcept {
    if (rate_ <= 0) return;
    const double ns = static_cast<double>(events) * 1e9 / rate_ + remainder_;
    const double whole = std::min(ns, 1e15);  // the slowest rates wait days at most, and stay within 64 bits
    next_ += std::chrono::nanoseconds{static_cast<std::int64_t>(whole)};
    remainder_ = whole - static_cast<double>(static_cast<std::int64_t>(whole));
  }
  [[nodiscard]] std::chrono::nanoseconds until_next(std::chrono::nanoseconds now) const noexcept {
    return std::max(std::chrono::nanoseconds{0}, next_ - now);
  }

private:
  static constexpr std::chrono::nanoseconds catch_up_max = std::chrono::seconds{1};

  double rate_;
  std::chrono::nanoseconds next_{};
  double remainder_ = 0;
  bool started_ = false;
};

}  // namespace millrace::library
