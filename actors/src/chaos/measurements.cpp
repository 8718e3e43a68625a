#include "chaos/measurements.hpp"

#include <algorithm>

namespace millrace::chaos {

namespace {

constexpr double recovered_share = 0.95;
// One sample above the line may be chance.
constexpr int recovered_samples = 3;

}  // namespace

baseline baseline_of(const std::vector<sample>& samples) {
  baseline out;
  std::size_t n = 0;
  for (const auto& s : samples) {
    if (s.phase != "baseline") continue;
    out.per_s += s.per_s;
    out.p99_ms = std::max(out.p99_ms, s.p99_ms);
    ++n;
  }
  if (n != 0) out.per_s /= static_cast<double>(n);
  return out;
}

std::optional<std::chrono::milliseconds> recovery_of(const std::vector<sample>& samples, std::chrono::milliseconds from,
                                                     double per_s) {
  int in_a_row = 0;
  for (const auto& s : samples) {
    if (s.at < from) continue;
    in_a_row = s.per_s >= recovered_share * per_s ? in_a_row + 1 : 0;
    if (in_a_row == recovered_samples) return s.at - from;
  }
  return std::nullopt;
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

}  // namespace millrace::chaos
