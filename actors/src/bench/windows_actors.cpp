#include "bench/windows_actors.hpp"

#include <algorithm>

#include "bench/measure.hpp"

namespace millrace::bench {

namespace {

MILLRACE_ACTOR(window_generator,
               {.id = "millrace.bench.window_generator", .title = "Window generator", .category = "Bench"})
MILLRACE_ACTOR(window_totals, {.id = "millrace.bench.window_totals", .title = "Window totals", .category = "Bench"})
MILLRACE_ACTOR(window_sink, {.id = "millrace.bench.window_sink", .title = "Window sink", .category = "Bench"})

constexpr std::chrono::microseconds pace{100};

std::uint64_t mixed(std::uint64_t x) {
  return random_source{x}();
}

}  // namespace

window_event window_event_of(std::uint64_t n, std::uint64_t keys, double events_per_s, std::int64_t base_ns) {
  random_source r{n};
  const auto behind = static_cast<std::int64_t>(r.below(window_disorder_ns));
  const auto place = static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / events_per_s);
  const auto key = r.below(keys);
  return {key, {base_ns + place - behind}, static_cast<std::int64_t>(key & 1023)};
}

std::uint64_t checksum_of(const window_total& t) {
  const auto place = mixed(t.key * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(t.end.ns));
  return place * t.count + mixed(place);
}

window_outcome& outcome_of_windows() {
  static window_outcome outcome;
  return outcome;
}

void window_generator::open(context&) {
  started_ns_ = steady_ns();
  passes_ns_ = 0;
}

poll_result window_generator::poll(context&, std::size_t max) {
  const auto end = static_cast<std::uint64_t>(*count);
  auto due = end;
  if (*paced) {
    due = std::min(end, static_cast<std::uint64_t>(static_cast<double>(steady_ns() - started_ns_) * *density / 1e9));
  }
  const auto stop = std::min(due, next_ + max);
  const auto base = outcome_of_windows().base_ns;
  for (; next_ < stop; ++next_) {
    const auto e = window_event_of(next_, static_cast<std::uint64_t>(*keys), *density, base);
    if (*paced) note(e.at);
    made.emit(e);
  }
  if (next_ == end) return poll_result::end();
  return next_ < due ? poll_result::more() : poll_result::wait(pace);
}

void window_generator::note(event_time at) {
  auto& seen = outcome_of_windows();
  const auto complete = at.ns - window_disorder_ns;  // events up to the nanosecond before are complete
  if (passes_ns_ == 0) passes_ns_ = seen.base_ns + seen.slide_ns;
  for (; complete >= passes_ns_; passes_ns_ += seen.slide_ns) {
    seen.may_pass[seen.window_of(passes_ns_)].store(steady_ns(), std::memory_order_relaxed);
  }
}

void window_sink::on_batch(context&, std::span<const window_total> batch) {
  auto& seen = outcome_of_windows();
  std::uint64_t events = 0;
  std::uint64_t checksum = 0;
  for (const auto& t : batch) {
    events += t.count;
    checksum += checksum_of(t);
  }
  const auto add = [](auto& to, std::uint64_t n) {
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  };
  add(seen.results, batch.size());
  add(seen.events, events);
  add(seen.checksum, checksum);
  if (!seen.measures_latency.load(std::memory_order_relaxed)) return;
  const auto now = steady_ns();
  for (const auto& t : batch) {
    const auto w = seen.window_of(t.end.ns);
    const auto passed = seen.may_pass[w].load(std::memory_order_relaxed);
    if (passed == 0) continue;  // completed by the end of the input, not by time
    seen.latency.record(now - passed, 1);
    seen.last_result[w].store(now, std::memory_order_relaxed);
  }
}

}  // namespace millrace::bench
