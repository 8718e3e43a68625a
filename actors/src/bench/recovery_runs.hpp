#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/recovery.hpp"
#include "bench/recovery_actors.hpp"
#include "millrace/error.hpp"
#include "millrace/runtime/topology_run.hpp"

namespace millrace::bench {

/// One run of source → by key → count → sink, with a branch beside it that goes from the source to a sink of its own.
struct tally_setup {
  std::uint64_t keys = 1000;
  std::uint64_t hot = 1000;
  std::uint64_t events = 0;  ///< behind those that fill the state
  double rate = 10'000;
  std::uint32_t partitions = 1;
  std::uint64_t seed = 1;
  std::chrono::milliseconds backoff{100};
  bool has_side = false;
  bool is_broken = false;
};

/// Starts it in the data folder, which it goes on from; what its sinks see begins anew.
[[nodiscard]] result<std::unique_ptr<runtime::topology_run>> start_tally(const tally_setup& s,
                                                                         const std::string& folder);
/// What its sink must come to, by plain counting.
[[nodiscard]] tally_sum expected_of(const tally_setup& s);
/// Keys of a state of about so many megabytes.
[[nodiscard]] std::uint64_t keys_of(std::uint32_t megabytes) noexcept;
/// Waits until all keys have been counted and a snapshot that has them is complete. Errors: it takes too long, the run
/// ends.
[[nodiscard]] result<void> wait_until_filled(runtime::topology_run& run, const tally_setup& s);
/// Waits until one more snapshot is complete.
[[nodiscard]] result<void> wait_for_snapshot(runtime::topology_run& run);

/// How long a process that was killed takes to be back.
struct process_recovery {
  std::chrono::nanoseconds until_back{};  ///< from its start to its first new result
  std::chrono::nanoseconds total{};       ///< to the last result it had given before
};
/// Fills the state, kills the process, starts it again. To be called while this process has one thread.
[[nodiscard]] result<process_recovery> kill_and_start_again(const tally_setup& s, const std::string& folder);

}  // namespace millrace::bench
