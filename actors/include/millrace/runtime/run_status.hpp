#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/engine/hot_keys.hpp"
#include "millrace/engine/latency_histogram.hpp"
#include "millrace/engine/task_stats.hpp"
#include "millrace/ids.hpp"
#include "millrace/param.hpp"
#include "millrace/runtime/health.hpp"
#include "millrace/time.hpp"

namespace millrace::runtime {

/// One task as tables, telemetry and tests see it. Counts since the task's incarnation started. What goes on at this
/// moment is in the sums already, and durations named `…_for` grow while it does: also when the task is stuck.
struct task_status {
  std::string name;  ///< "actor/partition"
  std::string actor;
  std::uint32_t partition = 0;
  std::string kind;
  std::string node{};  ///< another one that runs it; empty: it is here
  engine::task_phase phase{};
  health_change health{};            ///< how it is, and since when
  std::vector<health_change> was{};  ///< how it was before, oldest first, at most 16
  engine::task_place place{};        ///< what is being called
  std::uint64_t incarnation = 0;     ///< how often it was made; 0: not yet
  std::uint64_t events_in = 0;
  std::uint64_t events_out = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t retries = 0;
  std::uint64_t calls = 0;                                          ///< attempts to call something outside
  std::uint64_t calls_failed = 0;                                   ///< of those
  circuit_breaker::state circuit = circuit_breaker::state::closed;  ///< of calls to the outside
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;  ///< events that came too late for everything they belong to
  std::uint64_t busy_ns = 0;
  std::uint64_t blocked_ns = 0;
  std::uint64_t ready_ns = 0;  ///< having work, waiting for a thread to do it on
  std::uint64_t align_ns = 0;
  std::uint64_t freeze_ns = 0;  ///< of the newest snapshot
  std::uint64_t freeze_total_ns = 0;
  std::uint64_t sampled_busy_ns = 0;  ///< of steps picked out: how long they took…
  std::uint64_t sampled_cpu_ns = 0;   ///< …and what they had of a processor
  std::uint64_t batches_in = 0;
  std::uint64_t queue_ns = 0;               ///< of batches followed: wait to be taken, times their events
  std::uint64_t queue_events = 0;           ///< in those
  std::uint64_t network_ns = 0;             ///< of batches from other nodes, some: their way, times their events
  std::uint64_t network_events = 0;         ///< in those
  std::chrono::nanoseconds stepping_for{};  ///< in the present step; zero: in none
  std::chrono::nanoseconds aligning_for{};  ///< waiting for the barrier on other inputs; zero: it does not
  std::chrono::nanoseconds since_progress{};
  std::chrono::nanoseconds oldest_unfinished{};  ///< age of the oldest event that waits for it or that it handles
  std::uint64_t snapshot_bytes = 0;              ///< of its part of the newest snapshot written
  std::uint64_t state_rows = 0;
  std::uint64_t state_bytes = 0;
  std::uint64_t state_spilled_bytes = 0;
  std::uint64_t state_faults = 0;
  std::uint64_t state_expired = 0;
  std::uint64_t backlog = 0;
  std::uint32_t credit_used = 0;
  std::uint32_t credit_window = 0;
  event_time watermark;
  std::vector<std::string> faults{};             ///< injected on purpose, and at work
  std::string stopped_at{};                      ///< the breakpoint it stands at, and the record; empty: it does not
  bool is_muted = false;                         ///< what it sends, of a sink what it gets, is dropped…
  std::uint64_t muted_events = 0;                ///< …and counted, over the run
  std::vector<engine::hot_key> hot_keys{};       ///< routers by key only, largest share first
  engine::latency_histogram::counts latency{};   ///< sinks only
  engine::latency_histogram::counts queue{};     ///< of batches followed: from sent to taken
  engine::latency_histogram::counts disorder{};  ///< producers only: how far event times lie behind the newest before
};

/// One channel. Sequences count the channel's events over the topology's life.
struct channel_status {
  task_id source{};
  task_id target{};
  std::uint64_t sent = 0;
  std::uint64_t taken = 0;
  std::uint64_t done = 0;
  std::vector<std::string> faults{};  ///< injected on purpose, and at work
  std::uint32_t credit_used = 0;      ///< batches on their way, of…
  std::uint32_t credit_window = 0;
  std::chrono::nanoseconds held_for{};           ///< not read until a barrier has come elsewhere; zero: it is read
  std::chrono::nanoseconds oldest_unfinished{};  ///< age of the oldest event that is not done; zero: there is none
};

/// What channels keep of what they have sent, so that tasks can come back alone.
struct retained_status {
  std::uint64_t bytes = 0;      ///< in memory, of all runs of this process
  std::uint64_t bytes_max = 0;  ///< 0: nothing is kept
  std::uint64_t disk_bytes = 0;
  std::uint64_t disk_bytes_max = 0;
  std::string disk_refused{};  ///< why nothing goes to the disk now; empty: it does
};

/// Why there are no new snapshots.
struct failing_snapshots {
  std::uint64_t in_a_row = 0;  ///< 0: they do not fail
  processing_time since{};     ///< of the first of them
  std::string why{};           ///< of the newest
};

/// A parameter that was changed while the topology runs.
struct changed_parameter {
  std::string actor;
  std::string param;
  param_value value;
  epoch_id from{};         ///< holds behind this epoch's barrier; 0: the next one's
  bool is_secret = false;  ///< the value is told nobody
};

/// A run at one moment.
struct run_status {
  std::string topology;
  std::string state;  ///< starting, running, paused, restoring, stopping, finished, failed
  std::chrono::nanoseconds uptime{};
  processing_time taken_at;
  std::vector<task_status> tasks;        ///< by task id
  std::vector<channel_status> channels;  ///< by channel id
  std::uint32_t threads = 0;             ///< that tasks share
  std::uint64_t restarts = 0;
  epoch_id restored_epoch{};
  epoch_id last_epoch{};  ///< newest complete snapshot of this run; 0: none yet
  std::uint64_t snapshots = 0;
  std::uint64_t snapshot_failures = 0;
  failing_snapshots failing{};
  retained_status retained{};
  std::chrono::nanoseconds last_snapshot_duration{};  ///< barrier to durable
  std::chrono::nanoseconds last_snapshot_write{};     ///< of that: from the last task's part to durable
  std::uint64_t last_snapshot_bytes = 0;
  std::chrono::nanoseconds snapshot_open_for{};     ///< the one under way: since its barriers; zero: none is
  std::chrono::nanoseconds snapshot_writing_for{};  ///< since all its parts were there; zero: not yet
  std::chrono::nanoseconds snapshot_interval{};     ///< wanted; zero: none of its own accord
  std::chrono::nanoseconds since_last_snapshot{};
  processing_time paused_since{};             ///< producers rest on somebody's wish; 0: they do not
  std::vector<changed_parameter> changed;     ///< since the run began, one for each parameter
  std::vector<recovery_report> recoveries{};  ///< oldest first, at most 64
  std::vector<std::string> notes;             ///< recovery notes and the newest errors, oldest first, at most 20
};

/// How a run ended.
struct run_outcome {
  enum class kind { finished, stopped, failed };
  kind how = kind::finished;
  bool escalated = false;  ///< an actor's policy wants the whole process to end
  std::string message;     ///< why, when failed
  /// Actors that hang are still there: to destroy the run would wait for them, for ever perhaps.
  bool has_left_behind = false;
};

}  // namespace millrace::runtime
