#include "chaos/measurements.hpp"

#include <algorithm>

#include "millrace/chaos/verdict.hpp"

namespace millrace::chaos {

namespace {

constexpr double recovered_share = 0.95;
// Below it nobody waits, whatever it was before.
constexpr double lag_noticed_ms = 100;
constexpr double lag_factor_max = 2;
// One sample above the line may be chance.
constexpr int recovered_samples = 3;

/// What passed through since shows in a status a window later. Nothing did: that is still to come, unless it was so
/// before, too.
bool is_p99_back(const std::vector<sample>& samples, std::size_t i, double most, bool was_silent) {
  const auto due = samples[i].at + latency_window;
  bool is_due = false;
  for (; i < samples.size(); ++i) {
    if (samples[i].at < due) continue;
    if (samples[i].p99_ms > 0) return samples[i].p99_ms <= most;
    is_due = true;
  }
  return is_due && was_silent;
}

}  // namespace

baseline baseline_of(const std::vector<sample>& samples) {
  baseline out;
  std::size_t n = 0;
  for (const auto& s : samples) {
    if (s.phase != "baseline") continue;
    out.per_s += s.per_s;
    out.lag_ms = std::max(out.lag_ms, s.lag_ms);
    out.p99_ms = std::max(out.p99_ms, s.p99_ms);
    ++n;
  }
  if (n != 0) out.per_s /= static_cast<double>(n);
  return out;
}

recovery recovery_of(const std::vector<sample>& samples, std::chrono::milliseconds from, const baseline& before) {
  const auto lag_most = std::max(lag_noticed_ms, lag_factor_max * before.lag_ms);
  const auto p99_most = std::max(p99_noticed_ms, p99_factor_max * before.p99_ms);
  recovery out{{}, "throughput"};
  int in_a_row = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& s = samples[i];
    if (s.at < from) continue;
    const bool is_fast = s.per_s >= recovered_share * before.per_s;
    const bool is_prompt = s.lag_ms <= lag_most;
    in_a_row = is_fast && is_prompt ? in_a_row + 1 : 0;
    if (in_a_row == 0) out.missing = is_fast ? "lag" : "throughput";
    if (in_a_row < recovered_samples) continue;
    if (is_p99_back(samples, i, p99_most, before.p99_ms == 0)) return {s.at - from, {}};
    out.missing = "p99 latency";
  }
  return out;
}

double p99_from(const std::vector<sample>& samples, std::chrono::milliseconds from) {
  std::vector<double> seen;
  for (const auto& s : samples) {
    if (s.at >= from && s.p99_ms > 0) seen.push_back(s.p99_ms);
  }
  if (seen.empty()) return 0;
  std::ranges::nth_element(seen, seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 2));
  return seen[seen.size() / 2];
}

double lag_from(const std::vector<sample>& samples, std::chrono::milliseconds from) {
  double worst = 0;
  for (const auto& s : samples) {
    if (s.at >= from) worst = std::max(worst, s.lag_ms);
  }
  return worst;
}

}  // namespace millrace::chaos
