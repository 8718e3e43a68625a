#pragma once

#include <cstdint>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::bench {

/// What `millrace bench windows` measures: generator with 10 ms of disorder → by key → windows → sink.
struct windows_options {
  std::vector<std::uint64_t> keys{10'000, 1'000'000};
  std::vector<std::uint64_t> latency_keys{100, 1'000, 10'000, 100'000};
  std::uint64_t events = 20'000'000;  ///< of a throughput run; 10 M a second of event time
  std::uint32_t partitions = 1;
  double latency_rate = 1'000'000;  ///< events/s, by the clock
  std::uint32_t latency_seconds = 5;
  std::uint32_t repeats = 3;
  bool json = false;
};

/// Runs all measurements, printing each line as it is known; an output that is not exact is an error.
[[nodiscard]] result<void> run_windows(const windows_options& options);

}  // namespace millrace::bench
