#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/testing/topology_harness.hpp"

namespace millrace::testing {

struct purity_options {
  std::uint64_t seeds = 3;  ///< pairs of runs
  std::uint64_t first_seed = 1;
};

/// What actors did behind their context's back.
struct purity_report {
  /// "check/1 called clock_gettime": functions of the outside that an actor called, each once.
  std::vector<std::string> calls;
  /// Two runs of one seed that must be one, and where they part: "frame 17 of by_account/0.out -> check/1.in differs".
  std::string difference;

  [[nodiscard]] bool ok() const noexcept { return calls.empty() && difference.empty(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] std::string text() const;
};

/// Finds actors whose results do not follow from their input, state and context alone, which no recovery can repeat.
///
/// Each seed runs twice: once as it is, once with another wall clock, other memory addresses and other random numbers.
/// Frames must be equal to the last bit of their records; and while an actor's code runs, calls of the C library's
/// clocks and random numbers and of std::random_device are noted. Not seen: what is inlined into the actor (rdtsc,
/// rdrand), system calls made directly, static executables, other platforms than glibc; the symbol check
/// `millrace_check_actor_purity` sees what a run does not reach. Thread: one at a time in a process.
[[nodiscard]] purity_report check_purity(const topology_harness& h, const purity_options& o = {});

}  // namespace millrace::testing
