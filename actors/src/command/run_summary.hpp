#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command/run_reporter.hpp"

namespace millrace::command {

/// Where an actor reads or writes: its parameters that are paths, resolved.
struct actor_place {
  std::string actor;
  std::string path;
};
[[nodiscard]] std::vector<actor_place> places_of(const engine::plan& p, actor_kind kind);

/// One actor's part in a run, its partitions added up.
struct actor_total {
  std::string actor;
  std::string kind;
  std::uint64_t events = 0;  ///< producers: emitted; others: taken in
  double per_s = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t late = 0;
  /// Producers: how far event times lie behind the newest before them, by partition.
  engine::latency_histogram::counts disorder{};
};
[[nodiscard]] std::vector<actor_total> totals_of(const node::status_view& whole_run);

/// True when the run resumed a data directory that had nothing left to do.
[[nodiscard]] bool was_finished_before(const run_result& r);

/// How the run ended and what it did, for people: several lines.
[[nodiscard]] std::string summary_text(const run_result& r, const engine::plan& p);

}  // namespace millrace::command
