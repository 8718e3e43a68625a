#include "millrace/chaos/catalogue.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "millrace/check.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::chaos {

namespace {

constexpr double hour_ms = 3'600'000;

constexpr std::array slow_parameters{
    fault_parameter{"delay_ms", 10, 0.001, 60'000, "what each batch takes longer"},
};
constexpr std::array burst_parameters{
    fault_parameter{"factor", 5, 1.1, 1'000, "how many times as fast the producer's own time goes by"},
};
constexpr std::array rewind_parameters{
    fault_parameter{"events", 1'000, 1, 100'000, "how many events the producer goes back by"},
};
constexpr std::array oversized_parameters{
    fault_parameter{"size_kb", 2'048, 1, 65'536, "length of the line; readers take 1024"},
};
constexpr std::array nested_parameters{
    fault_parameter{"levels", 10'000, 1, 1'000'000, "how deep it is nested; readers take 32"},
};
constexpr std::array late_parameters{
    fault_parameter{"late_ms", hour_ms, 1, 24 * hour_ms, "by how much its event time is set back"},
};
constexpr std::array delay_parameters{
    fault_parameter{"delay_ms", 50, 0.001, 60'000, "how much longer every frame is on its way"},
};
constexpr std::array jitter_parameters{
    fault_parameter{"jitter_ms", 50, 0.001, 60'000, "frames are on their way longer by 0 to this; their order stays"},
};
constexpr std::array bandwidth_parameters{
    fault_parameter{"bytes_per_s", 1'000'000, 1, 1e12, "what the channel carries"},
};
constexpr std::array barrier_parameters{
    fault_parameter{"delay_ms", 500, 0.001, 60'000, "how much longer a barrier, and all behind it, is on its way"},
};
constexpr std::array disk_slow_parameters{
    fault_parameter{"delay_ms", 200, 0.001, 60'000, "what each write takes longer"},
};
constexpr std::array clock_offset_parameters{
    fault_parameter{"offset_ms", hour_ms, -24 * hour_ms, 24 * hour_ms, "added to the time; negative: it is late"},
};
constexpr std::array clock_drift_parameters{
    fault_parameter{"drift_percent", 50, -99, 1'000, "how much faster time goes by; negative: slower"},
};
constexpr std::array pause_parameters{
    fault_parameter{"pause_ms", 1'000, 1, 60'000, "how long the process stands still"},
};
constexpr std::array cpu_parameters{
    fault_parameter{"threads", 2, 1, 256, "threads that compute all the time"},
};
constexpr std::array memory_parameters{
    fault_parameter{"memory_mb", 256, 1, 65'536, "what is taken and written to"},
};
constexpr std::array descriptor_parameters{
    fault_parameter{"descriptors", 256, 1, 1'000'000, "files that are held open"},
};
constexpr std::span<const fault_parameter> none{};

using k = fault_kind;
using p = fault_place;

constexpr const char* by_restart = "its task is rebuilt from the newest snapshot, alone or with its region";
constexpr const char* by_sequence = "the sequence has a gap, and the receiver is rebuilt from the newest snapshot";
constexpr const char* by_backpressure = "backpressure: what is upstream waits";
constexpr const char* by_next_snapshot = "the snapshot is given up; the one before stays, the next one is complete";
constexpr const char* by_letter = "it becomes a dead letter with its bytes, and the producer goes on";
constexpr const char* by_event_time = "results follow event time, which no clock moves";

constexpr std::array entries{
    fault_entry{k::kill, "kill", p::task, 1, "the actor ends at once", by_restart, none},
    fault_entry{k::throws, "throw", p::handler, 1, "the handler throws", "the actor's failure policy", none},
    fault_entry{k::hang, "hang", p::task, 0, "the actor's thread stands still until the fault is over", by_backpressure,
                none},
    fault_entry{k::slow, "slow", p::task, 0, "every batch takes longer", by_backpressure, slow_parameters},
    fault_entry{k::stall, "stall", p::producer, 0, "the producer is not asked for events", "it is asked again later",
                none},
    fault_entry{k::burst, "burst", p::producer, 0, "a producer with a pace of its own gives much in a short time",
                by_backpressure, burst_parameters},
    fault_entry{k::source_duplicate, "source-duplicate", p::producer, 0, "the input gives every batch twice",
                "nothing can know but what follows: deduplicate by a number of the events", none},
    fault_entry{k::source_rewind, "source-rewind", p::producer, 1, "the input goes back and gives the same again",
                "nothing can know but what follows: deduplicate by a number of the events", rewind_parameters},
    fault_entry{k::poison_malformed, "poison-malformed", p::producer, 1, "a line comes in that breaks off", by_letter,
                none},
    fault_entry{k::poison_oversized, "poison-oversized", p::producer, 1, "a line comes in that is far too long",
                by_letter, oversized_parameters},
    fault_entry{k::poison_nested, "poison-nested", p::producer, 1, "a line comes in that is nested far too deep",
                by_letter, nested_parameters},
    fault_entry{k::poison_nan, "poison-nan", p::producer, 1, "a record comes in whose numbers are none (NaN)",
                "a schema check, whose violations become dead letters", none},
    fault_entry{k::poison_schema, "poison-schema", p::producer, 1, "a line comes in with text where a number should be",
                by_letter, none},
    fault_entry{k::poison_late, "poison-late", p::producer, 1, "a record comes in that is far too late",
                "windows count it as late, and what they have told stays", late_parameters},
    fault_entry{k::delay, "delay", p::channel, 0, "frames are longer on their way", by_backpressure, delay_parameters},
    fault_entry{k::jitter, "jitter", p::channel, 0, "frames are longer on their way, each by something else",
                by_backpressure, jitter_parameters},
    fault_entry{k::drop, "drop", p::channel, 1, "a batch is lost on its way", by_sequence, none},
    fault_entry{k::duplicate, "duplicate", p::channel, 0, "a batch comes twice",
                "its events were seen before, and are trimmed", none},
    fault_entry{k::reorder, "reorder", p::channel, 1, "a batch comes behind the next one", by_sequence, none},
    fault_entry{k::corrupt, "corrupt", p::channel, 1, "a batch cannot be read when it comes", by_restart, none},
    fault_entry{k::partition, "partition", p::channel, 0, "nothing comes through until the fault is over",
                by_backpressure, none},
    fault_entry{k::reset, "reset", p::channel, 1, "the channel breaks, and what is on its way is lost", by_restart,
                none},
    fault_entry{k::bandwidth, "bandwidth", p::channel, 0, "the channel carries little", by_backpressure,
                bandwidth_parameters},
    fault_entry{k::barrier_delay, "barrier-delay", p::channel, 0, "a barrier comes late",
                "other inputs wait for it, and the snapshot takes longer", barrier_parameters},
    fault_entry{k::barrier_drop, "barrier-drop", p::channel, 1, "a barrier is lost on its way",
                "the snapshot is given up when its time is over", none},
    fault_entry{k::credit_stall, "credit-stall", p::channel, 0, "credit is not given back until the fault is over",
                by_backpressure, none},
    fault_entry{k::disk_slow, "disk-slow", p::disk, 0, "each write takes longer", "snapshots take longer",
                disk_slow_parameters},
    fault_entry{k::disk_error, "disk-error", p::disk, 1, "a write fails", by_next_snapshot, none},
    fault_entry{k::disk_full, "disk-full", p::disk, 0, "there is no room to write", by_next_snapshot, none},
    fault_entry{k::short_write, "short-write", p::disk, 0, "a write stops half-way",
                "files go on where it stopped; a snapshot is given up, and the one before stays", none},
    fault_entry{k::sync_failure, "sync-failure", p::disk, 1, "what was written cannot be made durable",
                by_next_snapshot, none},
    fault_entry{k::corrupt_read, "corrupt-read", p::disk, 1, "what is read back is not what was written",
                "its checksum tells, and the snapshot before is taken", none},
    fault_entry{k::clock_offset, "clock-offset", p::clock, 0, "the time of day is another", by_event_time,
                clock_offset_parameters},
    fault_entry{k::clock_freeze, "clock-freeze", p::clock, 0, "the time of day stands still", by_event_time, none},
    fault_entry{k::clock_drift, "clock-drift", p::clock, 0, "the time of day goes by faster or slower", by_event_time,
                clock_drift_parameters},
    fault_entry{k::process_kill, "process-kill", p::process, 1, "the process ends as by kill -9",
                "its next start goes on from the newest snapshot", none},
    fault_entry{k::process_pause, "process-pause", p::process, 1, "the process stands still, and goes on",
                "nothing is lost while it does", pause_parameters},
    fault_entry{k::process_restart, "process-restart", p::process, 1, "the process is asked to end, as by SIGTERM",
                "it takes a last snapshot, and its next start goes on from there", none},
    fault_entry{k::cpu, "cpu", p::process, 0, "threads of the process compute for nothing", by_backpressure,
                cpu_parameters},
    fault_entry{k::memory, "memory", p::process, 0, "memory of the process is taken", "what it needs has a limit",
                memory_parameters},
    fault_entry{k::descriptors, "descriptors", p::process, 0, "descriptors of the process are taken",
                "what cannot be opened is tried again", descriptor_parameters},
};

}  // namespace

const char* to_string(fault_place place) noexcept {
  switch (place) {
    case p::task:
      return "task";
    case p::producer:
      return "producer";
    case p::handler:
      return "handler";
    case p::channel:
      return "channel";
    case p::disk:
      return "disk";
    case p::clock:
      return "clock";
    case p::process:
      return "process";
  }
  return "?";
}

std::span<const fault_entry> catalogue() noexcept {
  return entries;
}

const fault_entry& entry_of(fault_kind kind) noexcept {
  const auto* const found = std::ranges::find(entries, kind, &fault_entry::kind);
  MILLRACE_CHECK(found != entries.end(), "a kind of fault is not in the catalogue");
  return *found;
}

result<fault_kind> fault_kind_of(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& e : entries) {
    if (name == e.name) return e.kind;
    names.emplace_back(e.name);
  }
  const auto near = detail::nearest(std::string{name}, names);
  return user_error(errc::not_found,
                    "there is no fault '" + std::string{name} + "'; " +
                        (near.empty() ? "there are " + detail::quoted_list(names) : "did you mean '" + near + "'?"));
}

}  // namespace millrace::chaos
