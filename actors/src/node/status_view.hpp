#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "millrace/runtime/run_status.hpp"

namespace millrace::node {

/// One task over the last second, as tables and JSON show it.
struct task_view {
  runtime::task_status now;  ///< counts: sums over all incarnations seen, replayed events included
  double in_per_s = 0;
  double out_per_s = 0;
  double busy_share = 0;           ///< 0…1
  double blocked_share = 0;        ///< 0…1
  std::chrono::nanoseconds p50{};  ///< sinks: latency of the last second's events; 0: there were none
  std::chrono::nanoseconds p99{};
};

/// A run over the last second.
struct status_view {
  runtime::run_status run;  ///< its tasks are in `tasks`
  std::vector<task_view> tasks;
};

/// Turns statuses, which only hold counts since an incarnation started, into rates and totals.
///
/// A restarted task counts from zero again: what its last incarnation had reached is carried on, so totals never jump
/// back and rates never become negative. Pure; the caller gives the time.
class status_history {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes the newest status in; times must not go back.
  void add(runtime::run_status status, time_point at);
  /// Over the last second, or since the first status when that is younger. At least one status was added.
  [[nodiscard]] status_view view() const;
  /// The newest status with totals; rates are those of the whole run.
  [[nodiscard]] status_view whole_run() const;

private:
  struct sample {
    time_point at;
    runtime::run_status status;
  };
  void carry_on(runtime::run_status& status);

  std::deque<sample> samples_;                 ///< the last second and one older, oldest first
  std::vector<runtime::task_status> raw_;      ///< newest counts as they came
  std::vector<runtime::task_status> carried_;  ///< sums of ended incarnations
};

}  // namespace millrace::node
