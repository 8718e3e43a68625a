#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "chaos/subject.hpp"

namespace millrace::chaos {

/// A status tells of the latency of the last second: so long it still shows what was before.
inline constexpr std::chrono::milliseconds latency_window{1'000};

/// How a run did before its faults.
struct baseline {
  double per_s = 0;   ///< mean of the events sinks took in; 0: nothing was sampled
  double lag_ms = 0;  ///< worst of the samples
  double p99_ms = 0;  ///< the same
};
[[nodiscard]] baseline baseline_of(const std::vector<sample>& samples);

/// Whether a run came back to what it was.
struct recovery {
  std::optional<std::chrono::milliseconds> after{};  ///< none: it was not seen
  std::string missing{};                             ///< then: what was not back when it was last looked at
};

/// How long after `from` the run was as before, three samples in a row: throughput at 95 %, lag at twice its worst or
/// 100 ms, and, a second later, p99 of what went through in between at twice its worst or 10 ms. Pure.
[[nodiscard]] recovery recovery_of(const std::vector<sample>& samples, std::chrono::milliseconds from,
                                   const baseline& before);
/// Median p99 of what was sampled from then on; 0: nothing was. Pure.
[[nodiscard]] double p99_from(const std::vector<sample>& samples, std::chrono::milliseconds from);
/// Worst lag of what was sampled from then on. Pure.
[[nodiscard]] double lag_from(const std::vector<sample>& samples, std::chrono::milliseconds from);

}  // namespace millrace::chaos
