#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/engine/clock.hpp"

namespace millrace::testing {

/// Time that moves only when somebody moves it. Starts at one second, because zero often means "never".
class virtual_clock final : public engine::clock {
public:
  [[nodiscard]] processing_time now() const override { return {epoch_ns + wall_shift_ns_ + ns_}; }
  [[nodiscard]] std::int64_t steady_ns() const override { return ns_; }
  void move_by(std::int64_t ns) noexcept { ns_ += ns; }
  /// The wall clock alone is set.
  void shift_wall(std::int64_t ns) noexcept { wall_shift_ns_ += ns; }
  void move_to(std::int64_t ns) noexcept { ns_ = ns > ns_ ? ns : ns_; }

private:
  static constexpr std::int64_t epoch_ns = 1'600'000'000'000'000'000;
  std::int64_t ns_ = 1'000'000'000;
  std::int64_t wall_shift_ns_ = 0;
};

/// Decides what happens next: pending actions stand in lines, each step draws a line and runs its first action.
///
/// Lines have speeds (drawn, and changed now and then), because with equal ones all parts of a topology advance side by
/// side and the interesting delays never come up. Thread: one owner.
class seeded_scheduler {
public:
  using action = std::function<void()>;
  using line = std::size_t;

  seeded_scheduler(std::uint64_t seed, std::int64_t step_ns) : random_{seed}, step_ns_{step_ns} {}

  [[nodiscard]] line open_line();
  /// Behind everything the line already holds.
  void post(line to, action what);
  /// At the end of the line once the clock has come to `at_ns`.
  void post_at(std::int64_t at_ns, line to, action what);
  /// Runs one action; moves time to the next alarm when nothing else is left. False: nothing at all is left.
  bool step();
  /// Drops all lines and alarms: a crash.
  void clear();

  [[nodiscard]] virtual_clock& clock() noexcept { return clock_; }
  /// Adds to the hash of everything that happened.
  void trace(std::uint64_t what) noexcept { trace_ = (trace_ ^ what) * 0x9e3779b97f4a7c15ULL ^ trace_ >> 29; }
  [[nodiscard]] std::uint64_t trace() const noexcept { return trace_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

private:
  struct state {
    std::deque<action> pending;
    std::uint64_t speed = 1;
  };

  void wake_sleepers();
  [[nodiscard]] std::uint64_t draw_speed();
  [[nodiscard]] line pick(std::uint64_t total);

  random_source random_;
  std::int64_t step_ns_;
  virtual_clock clock_;
  std::vector<state> lines_;
  std::multimap<std::int64_t, std::pair<line, action>> alarms_;
  std::uint64_t trace_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace millrace::testing
