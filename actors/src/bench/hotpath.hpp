#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::bench {

/// What `millrace bench hotpath` measures: generator → map → by key → count and sum per key → sink.
struct hotpath_options {
  std::vector<std::uint64_t> keys{10'000, 1'000'000};
  std::vector<std::uint32_t> partitions{1, 2, 4};
  std::vector<double> rates{10'000, 1'000'000};  ///< fixed-rate runs, events/s, at 4 partitions and the first key count
  std::chrono::milliseconds warm_up{1500};
  std::chrono::milliseconds measure{3000};
  std::uint32_t repeats = 3;
  bool json = false;
};

/// Runs the whole program of measurements, printing each line as it is known. Nothing else should run on the machine.
[[nodiscard]] result<void> run_hotpath(const hotpath_options& options);

}  // namespace millrace::bench
