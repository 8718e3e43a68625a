#include "millrace/engine/trace_sampler.hpp"

#include <algorithm>

namespace millrace::engine {

// A tenth of a second's worth may come at once, so that the limit does not prefer slow producers' first events.
constexpr double burst_share = 0.1;

trace_sampler::trace_sampler(const trace_rule& rule, std::uint64_t salt) noexcept
    : rule_{rule}, salt_{scatter_bits(rule.seed ^ salt)}, tokens_{std::max(1.0, rule.per_second_max * burst_share)} {}

void trace_sampler::choose(std::uint64_t first, std::uint32_t count, std::int64_t now,
                           std::vector<std::uint32_t>& out) {
  out.clear();
  if (rule_.one_in == 0 || count == 0) return;
  const auto last = first + count - 1;
  for (auto block = first / rule_.one_in; block * rule_.one_in <= last; ++block) {
    const auto at = block * rule_.one_in + scatter_bits(salt_ ^ block) % rule_.one_in;
    if (at < first || at > last) continue;
    if (out.size() == frame_marks_max || !passes(now)) {
      ++limited_;
    } else {
      out.push_back(static_cast<std::uint32_t>(at - first));
    }
  }
}

bool trace_sampler::passes(std::int64_t now) noexcept {
  if (rule_.per_second_max == 0) return true;
  const double rate = rule_.per_second_max;
  const auto elapsed = filled_at_ == 0 ? 0.0 : static_cast<double>(std::max<std::int64_t>(now - filled_at_, 0)) / 1e9;
  filled_at_ = now;
  tokens_ = std::min(tokens_ + elapsed * rate, std::max(1.0, rate * burst_share));
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace millrace::engine
