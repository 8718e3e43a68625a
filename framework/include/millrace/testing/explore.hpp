#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/testing/faults.hpp"
#include "millrace/testing/topology_harness.hpp"

namespace millrace::testing {

/// How far to look.
struct explore_options {
  std::uint64_t seeds = 100;
  /// Where to start; MILLRACE_SEED overrules it.
  std::uint64_t first_seed = 1;
  std::size_t faults_max = 6;  ///< in one run
  std::vector<fault_kind> kinds = all_fault_kinds();
  bool quiet = false;             ///< print nothing: for tests of the exploration itself
  engine::protections protect{};  ///< negative controls only
};

/// What an exploration found.
struct exploration {
  std::uint64_t seeds = 0;          ///< runs made
  std::vector<std::uint64_t> hits;  ///< faults that had an effect, by kind, over all runs
  std::uint64_t restarts = 0;       ///< of regions, over all runs
  std::uint64_t failing_seed = 0;   ///< of the first run that differs
  fault_plan faults;                ///< the fewest faults it still differs with; none: the order alone makes it differ
  std::string difference;           ///< empty: every run gave the same output
  std::string report;               ///< all of that for people

  [[nodiscard]] bool ok() const noexcept { return difference.empty(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] std::uint64_t hits_of(fault_kind k) const { return hits.at(static_cast<std::size_t>(k)); }
};

/// Runs the topology once without faults, then once for each seed with an order and faults drawn from it, and compares
/// the outputs. At the first that differs it takes faults away while the difference stays, and prints seed and faults
/// that are left; MILLRACE_SEED=<seed> makes the next exploration begin with it. Thread: one owner.
[[nodiscard]] exploration explore(const topology_harness& h, const explore_options& o = {});

/// The run that `explore` makes of a seed; with the same faults it is the same run, step by step.
[[nodiscard]] run_options options_of_seed(const topology_harness& h, std::uint64_t seed, std::uint64_t steps,
                                          const explore_options& o);

}  // namespace millrace::testing
