#pragma once

#include <atomic>
#include <cstdint>

#include "millrace/calls/circuit_breaker.hpp"
#include "millrace/engine/hot_keys.hpp"
#include "millrace/engine/latency_histogram.hpp"
#include "millrace/time.hpp"

namespace millrace::engine {

/// A number one task writes and anybody reads.
template <class T>
class gauge {
public:
  void set(T v) noexcept { value_.store(v, std::memory_order_relaxed); }
  void add(T v) noexcept { set(get() + v); }
  [[nodiscard]] T get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<T> value_{};
};

enum class task_phase : std::uint8_t { starting, running, blocked, idle, backing_off, finished, failed };
[[nodiscard]] const char* to_string(task_phase p) noexcept;

/// Where a task is when it is in code that may not come back.
enum class task_call : std::uint8_t {
  none,
  handler,  ///< of an input
  timer,
  window,
  watermark,
  end_of_input,
  poll,
  restore,
  open,
  close,
  snapshot,
  commit,
  log,
};
[[nodiscard]] const char* to_string(task_call c) noexcept;

/// A call and its input port, as one number.
struct task_place {
  task_call call = task_call::none;
  std::uint32_t port = 0;  ///< of `handler` alone
};

/// What a task tells about itself. Times in nanoseconds, counts since the task's incarnation started unless said
/// otherwise. Thread: written by the owning task, read by any.
struct task_stats {
  gauge<std::uint64_t> events_in;
  gauge<std::uint64_t> events_out;
  gauge<std::uint64_t> batches_in;
  gauge<std::uint64_t> dead_letters;
  gauge<std::uint64_t> retries;
  gauge<std::uint64_t> calls;               ///< attempts to call something outside
  gauge<std::uint64_t> calls_failed;        ///< of those
  gauge<circuit_breaker::state> circuit{};  ///< of calls to the outside
  gauge<std::uint64_t> late;                ///< events that came too late for everything they belong to
  gauge<std::uint64_t> duplicates;          ///< events trimmed because they were seen before
  gauge<std::uint64_t> busy_ns;             ///< working
  gauge<std::uint64_t> blocked_ns;          ///< waiting for credit while there is work
  gauge<std::uint64_t> align_ns;            ///< waiting for a barrier on other inputs
  gauge<std::uint64_t> ready_ns;            ///< having work, waiting for a thread to do it on
  // Of steps picked out, about one in ten milliseconds: how long they took, and how long they had a processor or
  // waited for nothing else.
  gauge<std::uint64_t> sampled_busy_ns;
  gauge<std::uint64_t> sampled_cpu_ns;
  // When what goes on now began, by the steady clock; 0: it does not go on.
  gauge<std::int64_t> stepping_since{};
  gauge<std::int64_t> blocked_since{};
  gauge<std::int64_t> ready_since{};
  gauge<std::int64_t> aligning_since{};
  gauge<std::int64_t> progressed_at{};  ///< end of the newest step that got anything done
  gauge<std::uint64_t> queue_ns;        ///< of batches followed: how long they waited to be taken, times their events
  gauge<std::uint64_t> queue_events;    ///< in them
  gauge<std::uint64_t> network_ns;      ///< of batches from other nodes, one in sixteen: their way, times their events
  gauge<std::uint64_t> network_events;  ///< in them
  gauge<std::uint64_t> freeze_ns;       ///< over all snapshots: how long the task stood still
  gauge<std::uint64_t> snapshots;
  gauge<std::uint64_t> snapshot_freeze_ns;  ///< of the newest snapshot: how long the task stood still
  gauge<std::uint64_t> state_rows;
  gauge<std::uint64_t> state_bytes;          ///< in memory
  gauge<std::uint64_t> state_spilled_bytes;  ///< in the data directory because the memory limit is reached
  gauge<std::uint64_t> state_faults;         ///< pages read back from there
  gauge<std::uint64_t> state_expired;        ///< values freed at the end of their time to live
  gauge<std::uint64_t> backlog;              ///< producers: events still to read, when known
  gauge<std::uint32_t> credit_used;          ///< outputs: batches on their way, of…
  gauge<std::uint32_t> credit_window;        ///< …as many as may be
  gauge<std::int64_t> watermark{};           ///< event time, ns; the minimum while unknown
  gauge<task_phase> phase;
  gauge<task_place> place;     ///< what is being called
  hot_key_board hot_keys;      ///< routers by key
  latency_histogram latency;   ///< sinks: from entering the topology to handled here
  latency_histogram queue;     ///< of batches followed: from sent to taken, by events
  latency_histogram disorder;  ///< producers: how far an event time lies behind the newest one before it

  task_stats() { watermark.set(event_time::min().ns); }
};

}  // namespace millrace::engine
