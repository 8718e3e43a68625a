#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/actor.hpp"
#include "millrace/engine/hot_keys.hpp"

namespace millrace::engine {

/// What is known of a task over the last second or so. Shares are of that time, 0…1.
struct observed_task {
  std::string name;  ///< "actor/partition"
  std::string actor;
  actor_kind kind = actor_kind::processor;
  double busy = 0;
  double ready = 0;    ///< having work, waiting for a thread
  double blocked = 0;  ///< waiting for credit
  double align = 0;    ///< waiting for a barrier on other inputs
  double freeze = 0;   ///< standing still for snapshots; part of busy
  double cpu = -1;     ///< of busy, what a processor had to do; -1: not known
  double in_per_s = 0;
  double out_per_s = 0;
  std::uint64_t backlog = 0;                     ///< producers: events still to read, when known
  std::chrono::nanoseconds stepping_for{};       ///< in the present step; zero: in none
  std::chrono::nanoseconds oldest_unfinished{};  ///< age; zero: nothing waits for it
  bool is_retrying = false;
  std::vector<hot_key> hot_keys{};    ///< routers by key
  std::vector<std::string> faults{};  ///< injected on purpose, as people know them
  std::string stopped_at{};           ///< the breakpoint it stands at, and where; empty: it does not
};

struct observed_channel {
  std::uint32_t source = 0;  ///< index of the task
  std::uint32_t target = 0;
  double fill = 0;                    ///< credit used of the window, on average
  bool is_held = false;               ///< not read until a barrier has come elsewhere
  std::vector<std::string> faults{};  ///< injected on purpose
};

/// A run as a diagnosis sees it.
struct observed_run {
  std::vector<observed_task> tasks;
  std::vector<observed_channel> channels;
  std::uint32_t threads = 1;                     ///< that tasks share
  std::chrono::nanoseconds snapshot_interval{};  ///< wanted; zero: none
  std::chrono::nanoseconds last_snapshot{};      ///< barrier to durable
  std::chrono::nanoseconds last_write{};         ///< of that: writing
  std::chrono::nanoseconds snapshot_open_for{};  ///< the one under way; zero: none
  std::chrono::nanoseconds writing_for{};        ///< zero: nothing is being written
};

enum class cause : std::uint8_t {
  none,            ///< nothing holds the run up
  injected_fault,  ///< somebody does it on purpose
  breakpoint,      ///< somebody looks into it
  hot_key,         ///< one partition has most of the work
  outside_call,    ///< handlers wait for something that is not this process
  processor,       ///< handlers compute as fast as they can
  few_threads,     ///< tasks wait for each other's threads
  retries,         ///< handlers fail and are tried again
  stuck,           ///< one call does not return
  alignment,       ///< inputs wait for a snapshot's barrier on another
  slow_disk,       ///< snapshots or what sinks prepare for them
  slow_channel,    ///< events are long on their way
};
[[nodiscard]] const char* to_string(cause c) noexcept;

struct diagnosis {
  cause what = cause::none;
  std::string where{};              ///< task, or channel "from -> to"; empty: the run as a whole
  std::string sentence{};           ///< for people, with figures
  std::vector<std::string> path{};  ///< tasks from the source that lags most to the cause
  std::vector<hot_key> keys{};      ///< when keys are the cause
  double share = 0;                 ///< of the time: how long it holds others, or itself, up; 0: not measured
  std::string fault{};              ///< the injected one, as people know it
};

/// A channel is full from this share of its window on.
inline constexpr double full_share = 0.8;
/// A task can do no more from this share of its time on.
inline constexpr double saturated_share = 0.9;

/// Why a run is as slow as it is: walks from the source that is held up most along full channels to the first task
/// that works all the time while its own outputs are free. What slows a stream is there; all before it only waits.
/// Where no channel is full, what snapshots cost and calls that do not return are looked at. Pure. Thread: any.
[[nodiscard]] diagnosis diagnose(const observed_run& run);

/// As many as people read.
inline constexpr std::size_t causes_max = 6;
/// All that holds a run up, worst first: what `diagnose` says, then by the share of time that they cost the other tasks
/// at which full channels end (those before them are held up) and what costs time elsewhere, then what somebody does on
/// purpose, each fault by itself. The same cause at several partitions of an actor is told once. One with
/// `cause::none` where nothing does. Pure. Thread: any.
[[nodiscard]] std::vector<diagnosis> ranked_causes(const observed_run& run);

}  // namespace millrace::engine
