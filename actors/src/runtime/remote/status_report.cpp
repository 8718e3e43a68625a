#include "runtime/remote/status_report.hpp"

#include <algorithm>
#include <chrono>
#include <type_traits>

namespace millrace::runtime::remote {

namespace {

using histogram = engine::latency_histogram::counts;

/// The numbers of a task, one after the other; the order is the wire's.
template <class Task, class Visit>
void each_number(Task& t, Visit visit) {
  visit(t.incarnation), visit(t.events_in), visit(t.events_out), visit(t.dead_letters), visit(t.retries);
  visit(t.duplicates), visit(t.late), visit(t.busy_ns), visit(t.blocked_ns), visit(t.ready_ns), visit(t.align_ns);
  visit(t.freeze_ns), visit(t.freeze_total_ns), visit(t.sampled_busy_ns), visit(t.sampled_cpu_ns);
  visit(t.batches_in), visit(t.queue_ns), visit(t.queue_events), visit(t.stepping_for), visit(t.aligning_for);
  visit(t.since_progress), visit(t.oldest_unfinished), visit(t.state_rows), visit(t.state_bytes);
  visit(t.state_spilled_bytes), visit(t.state_faults), visit(t.state_expired), visit(t.backlog);
  visit(t.credit_used), visit(t.credit_window), visit(t.watermark.ns), visit(t.network_ns);
  visit(t.network_events);
  visit(t.muted_events), visit(t.calls), visit(t.calls_failed), visit(t.circuit);
}

template <class Channel, class Visit>
void each_number_of_channel(Channel& c, Visit visit) {
  visit(c.sent), visit(c.taken), visit(c.done), visit(c.credit_used), visit(c.credit_window), visit(c.held_for);
  visit(c.oldest_unfinished);
}

std::int64_t plain(std::chrono::nanoseconds v) {
  return v.count();
}
template <class Integer>
requires std::is_integral_v<Integer> std::int64_t plain(Integer v) {
  return static_cast<std::int64_t>(v);
}
std::int64_t plain(circuit_breaker::state v) {
  return static_cast<std::int64_t>(v);
}
void assign(circuit_breaker::state& to, std::int64_t v) {
  constexpr auto last = static_cast<std::int64_t>(circuit_breaker::state::half_open);
  to = v < 0 || v > last ? circuit_breaker::state::closed : static_cast<circuit_breaker::state>(v);
}
void assign(std::chrono::nanoseconds& to, std::int64_t v) {
  to = std::chrono::nanoseconds{v};
}
template <class Integer>
requires std::is_integral_v<Integer>
void assign(Integer& to, std::int64_t v) {
  to = static_cast<Integer>(v);
}

std::vector<std::uint64_t> pairs_of(const histogram& h) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < h.size(); ++i) {
    if (h[i] != 0) out.insert(out.end(), {i, h[i]});
  }
  return out;
}

void read_into(histogram& out, const std::vector<std::uint64_t>& pairs) {
  out = {};
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (pairs[i] < out.size()) out[pairs[i]] = pairs[i + 1];
  }
}

}  // namespace

task_row to_wire(task_id id, const task_status& t) {
  task_row out{
      id, static_cast<std::uint8_t>(t.phase), {}, {}, pairs_of(t.latency), pairs_of(t.queue), pairs_of(t.disorder)};
  each_number(t, [&](const auto& v) { out.numbers.push_back(plain(v)); });
  for (const auto& k : t.hot_keys) out.hot_keys.push_back({k.key, k.share, k.error});
  return out;
}

channel_row to_wire(channel_id id, const channel_status& c) {
  channel_row out{id, {}};
  each_number_of_channel(c, [&](const auto& v) { out.numbers.push_back(plain(v)); });
  return out;
}

void read_into(task_status& out, const task_row& row) {
  std::size_t count = 0;
  each_number(out, [&](auto&) { ++count; });
  if (row.numbers.size() != count || row.phase > static_cast<std::uint8_t>(engine::task_phase::failed)) return;
  auto next = row.numbers.begin();
  each_number(out, [&](auto& v) { assign(v, *next++); });
  out.phase = static_cast<engine::task_phase>(row.phase);
  out.hot_keys.clear();
  for (const auto& k : row.hot_keys) out.hot_keys.push_back({k.key, k.share, k.error});
  read_into(out.latency, row.latency);
  read_into(out.queue, row.queue);
  read_into(out.disorder, row.disorder);
}

void read_into(channel_status& out, const channel_row& row) {
  std::size_t count = 0;
  each_number_of_channel(out, [&](auto&) { ++count; });
  if (row.numbers.size() != count) return;
  auto next = row.numbers.begin();
  each_number_of_channel(out, [&](auto& v) { assign(v, std::max(plain(v), *next++)); });
}

}  // namespace millrace::runtime::remote
