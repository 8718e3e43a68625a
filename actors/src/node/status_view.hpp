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
  double busy_share = 0;     ///< 0…1, of the time looked at, like all shares
  double blocked_share = 0;  ///< waiting for credit
  double ready_share = 0;    ///< having work, waiting for a thread
  double align_share = 0;    ///< waiting for a barrier on other inputs; part of the time may be busy, too
  double freeze_share = 0;   ///< standing still for snapshots; part of busy
  double cpu_share = -1;     ///< of the busy time, computing; -1: not known
  /// Where the time of an average event goes at this actor: waiting to be taken, its batch being worked on, waiting for
  /// credit, for snapshots; its way from another node. Zero when nothing came.
  std::chrono::nanoseconds queue{}, service{}, credit_wait{}, snapshot{}, network{};
  std::chrono::nanoseconds queue_p99{};
  std::chrono::nanoseconds p50{};  ///< sinks: latency of the last second's events; 0: there were none
  std::chrono::nanoseconds p99{};
  std::chrono::nanoseconds p99_9{};
};

/// One channel over the last second.
struct channel_view {
  runtime::channel_status now;
  double per_s = 0;
  double fill = 0;  ///< credit used of the window, on average over the statuses looked at
};

/// A run over the last second.
struct status_view {
  runtime::run_status run;               ///< its tasks and channels are in…
  std::vector<task_view> tasks;          ///< …here, by task id
  std::vector<channel_view> channels;    ///< by channel id
  std::chrono::nanoseconds looked_at{};  ///< what rates and shares are over
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
  [[nodiscard]] double mean_fill(std::size_t channel) const;

  std::deque<sample> samples_;                 ///< the last second and one older, oldest first
  std::vector<runtime::task_status> raw_;      ///< newest counts as they came
  std::vector<runtime::task_status> carried_;  ///< sums of ended incarnations
};

}  // namespace millrace::node
