#include "bench/hotpath_actors.hpp"

#include <algorithm>
#include <chrono>

#include "bench/measure.hpp"

namespace millrace::bench {

namespace {

// A paced generator emits about this many events at once, within these limits: waking the whole path for each single
// event would cost more than the event. The wait counts as latency, since that is measured from when an event was due.
constexpr double events_at_once = 80;
constexpr double pace_min_ns = 50e3;
constexpr double pace_max_ns = 1e6;

MILLRACE_ACTOR(hot_generator, {.id = "millrace.bench.generator", .title = "Hot path generator", .category = "Bench"})
MILLRACE_ACTOR(hot_map, {.id = "millrace.bench.map", .title = "Hot path map", .category = "Bench"})
MILLRACE_ACTOR(hot_aggregate, {.id = "millrace.bench.aggregate", .title = "Hot path aggregate", .category = "Bench"})
MILLRACE_ACTOR(hot_sink, {.id = "millrace.bench.sink", .title = "Hot path sink", .category = "Bench"})

}  // namespace

hot_result& result_of_hot_path() {
  static hot_result result;
  return result;
}

void hot_generator::open(context& c) {
  source_ = hot_source{static_cast<std::uint64_t>(*keys), c.partition() + 1};
  started_ns_ = steady_ns();
}

poll_result hot_generator::poll(context&, std::size_t max) {
  const auto now = steady_ns();
  if (*rate == 0) {
    for (std::size_t i = 0; i < max; ++i) events.emit(source_.next(now));
    made_ += max;
    return poll_result::more();
  }
  const auto due = static_cast<std::uint64_t>(static_cast<double>(now - started_ns_) * *rate / 1e9);
  std::size_t n = 0;
  for (; made_here_ < due && n < max; ++n, ++made_here_, ++made_) {
    events.emit(source_.next(started_ns_ + static_cast<std::int64_t>(static_cast<double>(made_here_) * 1e9 / *rate)));
  }
  if (made_here_ < due) return poll_result::more();
  const auto pace = std::clamp(events_at_once * 1e9 / *rate, pace_min_ns, pace_max_ns);
  return poll_result::wait(std::chrono::nanoseconds{static_cast<std::int64_t>(pace)});
}

void hot_sink::on_batch(context&, std::span<const hot_event> batch) {
  auto& r = result_of_hot_path();
  r.events.store(r.events.load(std::memory_order_relaxed) + batch.size(), std::memory_order_relaxed);
  if (!r.measuring.load(std::memory_order_relaxed)) return;
  const auto now = steady_ns();
  for (std::size_t i = 0; i < batch.size(); i += 4) r.latency.record(now - batch[i].due_ns, 1);
}

}  // namespace millrace::bench
