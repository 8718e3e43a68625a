#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/engine/hot_keys.hpp"
#include "millrace/engine/latency_histogram.hpp"
#include "millrace/engine/task_stats.hpp"
#include "millrace/ids.hpp"
#include "millrace/time.hpp"

namespace millrace::runtime {

/// One task as tables, telemetry and tests see it. Counts since the task's incarnation started.
struct task_status {
  std::string name;  ///< "actor/partition"
  std::string actor;
  std::uint32_t partition = 0;
  std::string kind;
  engine::task_phase phase{};
  std::uint64_t events_in = 0;
  std::uint64_t events_out = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t retries = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;  ///< events that came too late for everything they belong to
  std::uint64_t busy_ns = 0;
  std::uint64_t blocked_ns = 0;
  std::uint64_t align_ns = 0;
  std::uint64_t freeze_ns = 0;
  std::uint64_t state_rows = 0;
  std::uint64_t state_bytes = 0;
  std::uint64_t state_spilled_bytes = 0;
  std::uint64_t state_faults = 0;
  std::uint64_t state_expired = 0;
  std::uint64_t backlog = 0;
  std::uint32_t credit_used = 0;
  std::uint32_t credit_window = 0;
  event_time watermark;
  std::vector<engine::hot_key> hot_keys{};       ///< routers by key only, largest share first
  engine::latency_histogram::counts latency{};   ///< sinks only
  engine::latency_histogram::counts disorder{};  ///< producers only: how far event times lie behind the newest before
};

/// A run at one moment.
struct run_status {
  std::string topology;
  std::string state;  ///< starting, running, restoring, stopping, finished, failed
  std::chrono::nanoseconds uptime{};
  processing_time taken_at;
  std::vector<task_status> tasks;
  std::uint64_t restarts = 0;
  epoch_id restored_epoch{};
  epoch_id last_epoch{};  ///< newest complete snapshot of this run; 0: none yet
  std::uint64_t snapshots = 0;
  std::uint64_t snapshot_failures = 0;
  std::chrono::nanoseconds last_snapshot_duration{};  ///< barrier to durable
  std::chrono::nanoseconds since_last_snapshot{};
  std::vector<std::string> notes;  ///< recovery notes and the newest errors, oldest first, at most 20
};

/// How a run ended.
struct run_outcome {
  enum class kind { finished, stopped, failed };
  kind how = kind::finished;
  bool escalated = false;  ///< an actor's policy wants the whole process to end
  std::string message;     ///< why, when failed
};

}  // namespace millrace::runtime
