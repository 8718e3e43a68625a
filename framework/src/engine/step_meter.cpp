#include "millrace/engine/step_meter.hpp"

#include "millrace/engine/clock.hpp"

namespace millrace::engine {

namespace {

constexpr std::int64_t sample_every_ns = 10'000'000;

/// Adds what has gone by since a stamp, and takes the stamp away.
void settle(gauge<std::int64_t>& since, gauge<std::uint64_t>& sum, std::int64_t now) noexcept {
  const auto at = since.get();
  if (at == 0) return;
  sum.add(static_cast<std::uint64_t>(now - at));
  since.set(0);
}

}  // namespace

void step_meter::begin(std::int64_t now) noexcept {
  started_ = now;
  settle(stats_.blocked_since, stats_.blocked_ns, now);
  if (!measures_) return;
  settle(stats_.ready_since, stats_.ready_ns, now);
  stats_.stepping_since.set(now);
  is_sampling_ = now - sampled_at_ >= sample_every_ns;
  if (is_sampling_) cpu_at_start_ = thread_cpu_ns();
}

void step_meter::end(std::int64_t now, next then, bool has_worked) noexcept {
  if (measures_ && is_sampling_) {
    sampled_at_ = now;
    stats_.sampled_cpu_ns.add(static_cast<std::uint64_t>(thread_cpu_ns() - cpu_at_start_));
    stats_.sampled_busy_ns.add(static_cast<std::uint64_t>(now - started_));
  }
  if (has_worked) stats_.progressed_at.set(now);
  stats_.stepping_since.set(0);
  stats_.busy_ns.add(static_cast<std::uint64_t>(now - started_));
  if (then == next::blocked) stats_.blocked_since.set(now);
  if (measures_ && then == next::ready) stats_.ready_since.set(now);
}

}  // namespace millrace::engine
