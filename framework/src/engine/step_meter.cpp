#include "millrace/engine/step_meter.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "millrace/engine/clock.hpp"

namespace millrace::engine {

namespace {

constexpr std::int64_t sample_every_ns = 10'000'000;

/// How often a thread gave its processor away: because it waited for something, or because another one was to have it.
struct switches {
  std::int64_t to_wait = 0;
  std::int64_t taken = 0;
};

switches switches_of_this_thread() noexcept {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return {used.ru_nvcsw, used.ru_nivcsw};
}

// At the beginning of the step that this thread is in.
thread_local switches at_start;

/// Of `absent` nanoseconds without a processor, those spent waiting for anything else than one: on a machine that has
/// more to do than processors, a task that only computes is without one for most of its time, too.
std::int64_t waited_of(std::int64_t absent) noexcept {
  const auto now = switches_of_this_thread();
  const auto to_wait = now.to_wait - at_start.to_wait;
  const auto all = to_wait + now.taken - at_start.taken;
  return all == 0 ? 0 : absent / all * to_wait;
}

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
  if (!is_sampling_) return;
  at_start = switches_of_this_thread();
  cpu_at_start_ = thread_cpu_ns();
}

void step_meter::end(std::int64_t now, next then, bool has_worked) noexcept {
  if (measures_ && is_sampling_) {
    sampled_at_ = now;
    const auto took = now - started_;
    const auto absent = std::max<std::int64_t>(took - (thread_cpu_ns() - cpu_at_start_), 0);
    stats_.sampled_cpu_ns.add(static_cast<std::uint64_t>(took - waited_of(absent)));
    stats_.sampled_busy_ns.add(static_cast<std::uint64_t>(took));
  }
  if (has_worked) stats_.progressed_at.set(now);
  stats_.stepping_since.set(0);
  stats_.busy_ns.add(static_cast<std::uint64_t>(now - started_));
  if (then == next::blocked) stats_.blocked_since.set(now);
  if (measures_ && then == next::ready) stats_.ready_since.set(now);
}

}  // namespace millrace::engine
