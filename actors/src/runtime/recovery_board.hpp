#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "millrace/engine/clock.hpp"
#include "millrace/runtime/health.hpp"

namespace millrace::runtime {

/// What the recoveries of a run took and what it was spent on.
///
/// A recovery goes through its steps one after the other; a step that is
/// reached ends the span before it. From `made` on it is known by the
/// incarnation its tasks have. The last span ends when everybody it waits for
/// has said so. Thread: any.
class recovery_board {
public:
  static constexpr std::size_t reports_max = 64;

  enum class step : std::uint8_t { noticed, ended, backed_off, opened, made };

  explicit recovery_board(const engine::clock& time) : time_{time} {}

  /// Gives the number the steps are told with. What came before `noticed` is in
  /// `first` already.
  std::uint64_t begin(recovery_report first, std::int64_t failed_ns);
  void reach(std::uint64_t number, step s);
  /// It became another one, with more tasks.
  void widen(std::uint64_t number, const std::string& scope, const std::string& obstacle, std::uint64_t tasks);
  /// Tasks of that incarnation will be loaded and catch up, and channels will
  /// be empty.
  void wait_for(std::uint64_t number, generation incarnation, epoch_id from, const std::set<task_id>& tasks,
                const std::set<std::string>& channels);
  void on_loaded(generation incarnation, task_id task, std::uint64_t state_bytes);
  void on_caught_up(generation incarnation, task_id task);
  void on_emptied(generation incarnation, const std::string& channel);
  /// Of regions: done when its sinks have handled `target` events.
  void wait_for_events(generation incarnation, std::uint32_t region, std::uint64_t target);
  /// False: nobody waits for events.
  bool look_at_events(const std::function<std::uint64_t(std::uint32_t region)>& handled);

  [[nodiscard]] std::vector<recovery_report> reports() const;

private:
  struct open {
    std::uint64_t number = 0;
    generation incarnation{};
    recovery_report report;
    std::int64_t reached_ns = 0;
    std::set<task_id> loading;
    std::set<task_id> behind;
    std::set<std::string> channels;
    std::uint32_t region = 0;
    std::uint64_t events = 0;  // to be handled by the region's sinks; 0: nobody waits for that
  };
  [[nodiscard]] open* find(std::uint64_t number);
  [[nodiscard]] open* find(generation incarnation);
  [[nodiscard]] std::chrono::nanoseconds since(open& o);
  void close_if_over(open& o);

  const engine::clock& time_;
  mutable std::mutex mutex_;
  std::deque<open> recoveries_;  // oldest first
  std::uint64_t last_number_ = 0;
};

}  // namespace millrace::runtime
