#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "chaos/subject.hpp"

namespace millrace::chaos {

/// How a run did before its faults.
struct baseline {
  double per_s = 0;   ///< mean of the events sinks took in; 0: nothing was sampled
  double p99_ms = 0;  ///< worst of the samples
};
[[nodiscard]] baseline baseline_of(const std::vector<sample>& samples);

/// How long after `from` throughput was back at 95 % of `per_s`, three samples in a row; none: it was not. Pure.
[[nodiscard]] std::optional<std::chrono::milliseconds> recovery_of(const std::vector<sample>& samples,
                                                                   std::chrono::milliseconds from, double per_s);
/// Median p99 of what was sampled from then on; 0: nothing was. Pure.
[[nodiscard]] double p99_from(const std::vector<sample>& samples, std::chrono::milliseconds from);

}  // namespace millrace::chaos
