#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::bench {

/// What `millrace bench recovery` measures: how soon a failed actor and a killed process are back, by the size of their
/// state, and what neighbours notice of an actor that is killed again and again.
struct recovery_options {
  std::vector<std::uint32_t> sizes_mb{1, 10, 100, 1000};  ///< of one partition's state
  std::uint32_t repeats = 3;                              ///< of each line; the median is printed
  std::uint32_t partitions = 8;
  std::uint64_t keys = 1'000'000;
  double rate = 500'000;  ///< events/s of the runs with kills
  std::uint32_t kills = 20;
  std::chrono::milliseconds between_kills{1'500};
  std::chrono::milliseconds backoff{100};  ///< the policy's pause before an actor is brought back
  std::uint64_t seed = 1;
  bool is_broken = false;  ///< a negative control: what was seen before is taken again
  bool json = false;
};

/// Runs the measurements, printing each line as it is known. errc::failed: some output was not that of an undisturbed
/// run; with `is_broken`: it was. Nothing else should run on the machine. Thread: one, before the process has others.
[[nodiscard]] result<void> run_recovery(const recovery_options& options);

}  // namespace millrace::bench
