#include "bench/recovery_actors.hpp"

#include <algorithm>
#include <chrono>

#include "bench/measure.hpp"

namespace millrace::bench {

namespace {

// A paced source wakes so often: a wait counts as latency, which is measured from when an event was due.
constexpr std::chrono::nanoseconds pace{200'000};

MILLRACE_ACTOR(tally_source, {.id = "millrace.bench.tally_source", .title = "Recovery source", .category = "Bench"})
MILLRACE_ACTOR(tally_count, {.id = "millrace.bench.tally_count", .title = "Recovery count", .category = "Bench"})
MILLRACE_ACTOR(tally_sink, {.id = "millrace.bench.tally_sink", .title = "Recovery sink", .category = "Bench"})
MILLRACE_ACTOR(tally_side, {.id = "millrace.bench.tally_side", .title = "Recovery side sink", .category = "Bench"})

/// One in so many latencies is recorded.
constexpr std::size_t recorded_each = 4;

}  // namespace

tally_result& result_of_tally() {
  static tally_result result;
  return result;
}

void tally_source::open(context&) {
  input_ = {static_cast<std::uint64_t>(*keys), static_cast<std::uint64_t>(*hot), static_cast<std::uint64_t>(*seed)};
  base_ns_ = 0;
}

poll_result tally_source::poll(context&, std::size_t max) {
  const auto filling = static_cast<std::uint64_t>(*keys);
  const auto all = filling + static_cast<std::uint64_t>(*count);
  if (made_ < filling) {
    for (std::size_t i = 0; i < max && made_ < filling; ++i) events.emit(input_.at(made_++));
    return poll_result::more();
  }
  if (made_ >= all) return poll_result::end();
  const auto now = steady_ns();
  const auto spacing = 1e9 / *rate;
  if (base_ns_ == 0) base_ns_ = now - static_cast<std::int64_t>(static_cast<double>(made_ - filling) * spacing);
  const auto due = filling + static_cast<std::uint64_t>(static_cast<double>(now - base_ns_) / spacing);
  const auto end = std::min({due, all, made_ + max});
  for (; made_ < end; ++made_) {
    auto e = input_.at(made_);
    e.due_ns = base_ns_ + static_cast<std::int64_t>(static_cast<double>(made_ - filling) * spacing);
    events.emit(e);
  }
  return made_ < std::min(due, all) ? poll_result::more() : poll_result::wait(pace);
}

void tally_count::on_event(context& c, const tally_event& e) {
  auto& row = *rows;
  if (row.count == 0) row.note.assign("what is known of this key, and takes up some room beside its figures");
  ++row.count;
  row.sum += e.amount;
  tally_sum mixed;
  mixed.add(e.key, row.count, row.sum);
  counted.emit({e.key, e.due_ns, static_cast<std::int64_t>(mixed.mix), c.partition()});
}

void tally_sink::on_batch(context&, std::span<const tally_event> batch) {
  auto& r = result_of_tally();
  const auto now = steady_ns();
  const bool is_measured = r.is_measured.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& e = batch[i];
    ++sum_.events;
    sum_.mix += static_cast<std::uint64_t>(e.amount);
    if (is_measured && e.due_ns != 0 && i % recorded_each == 0) r.of_part[e.part].record(now - e.due_ns, 1);
  }
  r.events.fetch_add(batch.size(), std::memory_order_relaxed);
  if (sum_.events > r.newest.load(std::memory_order_relaxed)) r.newest.store(sum_.events, std::memory_order_relaxed);
}

void tally_sink::on_end_of_input(context&) {
  auto& r = result_of_tally();
  r.sum = sum_;
  r.has_ended = true;
}

void tally_sink::save_state(msgpack::writer& w) const {
  w.array(2);
  w.integer(sum_.events);
  w.integer(sum_.mix);
}

bool tally_sink::load_state(msgpack::reader& r) {
  std::uint32_t n = 0;
  return r.array(n) && n == 2 && r.integer(sum_.events) && r.integer(sum_.mix);
}

void tally_side::on_batch(context&, std::span<const tally_event> batch) {
  auto& r = result_of_tally();
  if (!r.is_measured.load(std::memory_order_relaxed)) return;
  const auto now = steady_ns();
  for (std::size_t i = 0; i < batch.size(); i += recorded_each) {
    if (batch[i].due_ns != 0) r.of_side.record(now - batch[i].due_ns, 1);
  }
}

}  // namespace millrace::bench
