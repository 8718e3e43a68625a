#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "millrace/error.hpp"

namespace millrace::chaos {

/// What can be done to a running topology on purpose.
enum class fault_kind : std::uint8_t {
  kill,
  throws,
  hang,
  slow,
  stall,
  burst,
  source_duplicate,
  source_rewind,
  poison_malformed,
  poison_oversized,
  poison_nested,
  poison_nan,
  poison_schema,
  poison_late,
  delay,
  jitter,
  drop,
  duplicate,
  reorder,
  corrupt,
  partition,
  reset,
  bandwidth,
  barrier_delay,
  barrier_drop,
  credit_stall,
  disk_slow,
  disk_error,
  disk_full,
  short_write,
  sync_failure,
  corrupt_read,
  clock_offset,
  clock_freeze,
  clock_drift,
  process_kill,
  process_pause,
  process_restart,
  cpu,
  memory,
  descriptors,
};

/// What a fault is done to, and so what its target names.
enum class fault_place : std::uint8_t {
  task,      ///< actor[/partition]
  producer,  ///< the same, of producers only
  handler,   ///< the same, of anything but routers
  channel,   ///< from[/partition]->to[/partition]
  disk,      ///< what is stored: snapshot, log, letters, sink
  clock,     ///< the clock of the run
  process,   ///< the process that runs it
};
[[nodiscard]] const char* to_string(fault_place p) noexcept;

struct fault_parameter {
  const char* name;  ///< its unit comes last
  double usual;      ///< when it is left out
  double least, most;
  const char* what;
};

struct fault_entry {
  fault_kind kind;
  const char* name;
  fault_place place;
  std::uint64_t usual_hits;  ///< after so many it is over; 0: when its time is
  const char* what;          ///< one sentence: what happens
  const char* noticed;       ///< one sentence: what protects the output, and how it shows
  std::span<const fault_parameter> parameters;
};

/// Every kind there is, in the order of the reference. Thread: any.
[[nodiscard]] std::span<const fault_entry> catalogue() noexcept;
[[nodiscard]] const fault_entry& entry_of(fault_kind k) noexcept;
/// By its name; an error names what there is, and the nearest.
[[nodiscard]] result<fault_kind> fault_kind_of(std::string_view name);

}  // namespace millrace::chaos
