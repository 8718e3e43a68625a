#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/chaos/output_comparison.hpp"

namespace millrace::chaos {

/// Slower than before by this factor after the recovery is not what it was…
inline constexpr double p99_factor_max = 2;
/// …but what is below this is fast all the same.
inline constexpr double p99_noticed_ms = 10;

enum class verdict_kind : std::uint8_t {
  pass,      ///< the output is what it is without faults, and the run is as fast as before
  degraded,  ///< the output is right, but the run did not come back to what it was in time
  fail,      ///< the output is not right, the run failed, or the steady state does not hold any more
  invalid,   ///< nothing was shown: no steady state before, or a fault that hit nothing
  aborted,   ///< ended before its time, by a rule or by somebody
};
[[nodiscard]] const char* to_string(verdict_kind v) noexcept;

/// What an experiment came to, measured.
struct findings {
  bool was_steady_before = true;
  bool is_steady_after = true;
  std::string abort_reason{};  ///< not empty: it was aborted
  std::string failure{};       ///< not empty: the run, or an activity of the method, failed
  std::uint64_t faults = 0;    ///< injected
  std::uint64_t faults_without_hits = 0;
  std::uint64_t faults_unseen = 0;  ///< were injected, and the run never told of them
  std::uint64_t unplayed = 0;       ///< activities of the method that the input's end came before
  std::uint64_t poison = 0;         ///< inputs that cannot be read: each becomes a dead letter
  std::uint64_t odd_records = 0;    ///< that can be read and are wrong: each may become a dead letter, or be late
  bool has_oracle = false;          ///< the output was compared
  output_difference output{};
  std::uint64_t dead_letters_expected = 0, dead_letters = 0;
  std::uint64_t late_expected = 0, late = 0;
  double baseline_per_s = 0;  ///< events before the faults; 0: not measured
  /// From the last fault's end to 95 % of that with lag and p99 as before; none: not seen.
  std::optional<std::chrono::milliseconds> recovery{};
  std::string not_back = "throughput";  ///< then: that, lag or p99 latency, what was not back
  std::chrono::milliseconds recovery_limit{30'000};
  bool ended_early = false;                     ///< the input ended before the run could be seen to come back
  double lag_before_ms = 0, lag_during_ms = 0;  ///< age of the oldest event that is not done: the worst
  double lag_after_ms = 0;                      ///< the same, from the recovery on
  double p99_before_ms = 0, p99_during_ms = 0, p99_after_ms = 0;
};

struct verdict {
  verdict_kind what = verdict_kind::invalid;
  std::vector<std::string> reasons;  ///< why, the weightiest first
};

/// Judges. Pure. Thread: any.
[[nodiscard]] verdict judge(const findings& f);

}  // namespace millrace::chaos
