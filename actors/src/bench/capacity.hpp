#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chaos/subject.hpp"
#include "millrace/error.hpp"

namespace millrace::bench {

/// What a load may cost and still count as sustained.
struct load_bounds {
  double p99_ms = 100;
  double lag_ms = 1'000;  ///< age of the oldest event that is not done
};

/// A topology under one load.
struct load_step {
  double rate = 0;    ///< wanted of the source, events/s
  double per_s = 0;   ///< what it gave
  double p99_ms = 0;  ///< worst second at the sinks
  double lag_ms = 0;  ///< worst
  double memory_mb = 0;
  std::string why{};  ///< why it is not sustained; empty: it is
};

/// What a spike did at half of what is sustained.
struct spike_result {
  double base_rate = 0;
  double factor = 0;
  std::chrono::milliseconds lasted{};
  double per_s_max = 0;
  double lag_ms_max = 0;
  double p99_ms_max = 0;
  double memory_mb_max = 0;
  std::optional<std::chrono::milliseconds> drained{};  ///< from its end until load, lag and p99 were back; none: never
};

struct capacity_result {
  std::vector<load_step> steps;  ///< in the order they were tried
  std::optional<load_step> highest{};
  std::optional<spike_result> spike{};
};

/// Judges what was sampled at a rate: the source gives 97 % of it, p99 and lag stay within bounds. Pure.
[[nodiscard]] load_step judge_load(const std::vector<chaos::sample>& samples, double rate, const load_bounds& bounds);
/// How long after `from` the load was the base rate's again, within 10 %, with lag and p99 within bounds, three samples
/// in a row. What a source owes after a spike it gives as fast as it can, so until then it gives more. Pure.
[[nodiscard]] std::optional<std::chrono::milliseconds> drained_after(const std::vector<chaos::sample>& samples,
                                                                     std::chrono::milliseconds from, double base_rate,
                                                                     const load_bounds& bounds);
/// Tries rates: doubled from `first` while they are sustained and at most `most`, halved from there while none is, then
/// between the last that is and the first that is not until they are within a tenth. Errors: those of `measure`.
[[nodiscard]] result<capacity_result> find_capacity(double first, double most,
                                                    const std::function<result<load_step>(double rate)>& measure);

struct capacity_options {
  std::string program;   ///< the `millrace` command
  std::string topology;  ///< file
  std::string source;    ///< actor with a `rate`, whose input does not end within the measurement
  std::vector<std::string> settings{};
  double first = 10'000;
  double most = 10'000'000;
  load_bounds bounds{};
  std::chrono::milliseconds settle{2'000};
  std::chrono::milliseconds measure{5'000};
  double spike = 5;  ///< times the base rate; 0: none
  std::chrono::milliseconds spike_lasts{5'000};
  std::chrono::milliseconds drain_limit{60'000};
  std::function<bool()> is_interrupted;
  std::function<void(const std::string&)> say;  ///< progress, a line each
};
/// Raises the load of a topology until it is not sustained any more, then has a spike of load at half of the highest
/// that is. Each load is a run in a process and folder of its own. Errors: a topology without such a source, a run that
/// fails; errc::cancelled: it was interrupted. Thread: one.
[[nodiscard]] result<capacity_result> measure_capacity(const capacity_options& o);

/// The capacity statement, for people. Pure.
[[nodiscard]] std::string capacity_text(const capacity_result& r, const load_bounds& bounds);

}  // namespace millrace::bench
