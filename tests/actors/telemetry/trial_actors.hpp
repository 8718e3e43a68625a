#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "millrace/topology.hpp"

namespace millrace::trial {

/// While true, handlers of `trial.hang` do not return.
inline std::atomic<bool> is_hanging{false};

/// The topologies of the telemetry's tests: numbered events, by key to four partitions, to a sink. Actors register
/// themselves when this is called. `rate`: events a second, 0: as fast as it goes. `hot_percent`: events of one key.
/// `work` names the processor, one of `trial.pass` (does nothing), `trial.spin` (computes), `trial.hang`; `store` the
/// sink, one of `trial.drop`, `trial.slow_store` (waits outside, as for a service).
struct shape {
  double rate = 0;
  std::int64_t hot_percent = 0;
  const char* work = "trial.pass";
  const char* store = "trial.drop";
  std::chrono::milliseconds snapshot_interval{0};
  std::uint32_t partitions = 4;
};
[[nodiscard]] topology made(const shape& s);

}  // namespace millrace::trial
