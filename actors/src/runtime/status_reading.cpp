#include "runtime/status_reading.hpp"

#include <algorithm>

namespace millrace::runtime {

namespace {

using engine::gauge;

std::chrono::nanoseconds elapsed(std::int64_t since, std::int64_t now) {
  return std::chrono::nanoseconds{since == 0 ? 0 : std::max<std::int64_t>(now - since, 0)};
}

/// A sum with what has gone by since its stamp. The task may end that span while it is read: then the sum has it, and
/// the stamp is another.
std::uint64_t with_open_span(const gauge<std::uint64_t>& sum, const gauge<std::int64_t>& since, std::int64_t now) {
  constexpr int tries = 3;
  for (int i = 0;; ++i) {
    const auto before = since.get();
    const auto total = sum.get();
    if (since.get() != before && i < tries) continue;
    return total + static_cast<std::uint64_t>(elapsed(before, now).count());
  }
}

void read_counts(task_status& out, const engine::task_stats& s) {
  out.phase = s.phase.get();
  out.place = s.place.get();
  out.events_in = s.events_in.get();
  out.events_out = s.events_out.get();
  out.batches_in = s.batches_in.get();
  out.dead_letters = s.dead_letters.get();
  out.retries = s.retries.get();
  out.calls = s.calls.get();
  out.calls_failed = s.calls_failed.get();
  out.circuit = s.circuit.get();
  out.duplicates = s.duplicates.get();
  out.late = s.late.get();
  out.state_rows = s.state_rows.get();
  out.state_bytes = s.state_bytes.get();
  out.state_spilled_bytes = s.state_spilled_bytes.get();
  out.state_faults = s.state_faults.get();
  out.state_expired = s.state_expired.get();
  out.backlog = s.backlog.get();
  out.credit_used = s.credit_used.get();
  out.credit_window = s.credit_window.get();
  out.watermark = {s.watermark.get()};
  out.hot_keys = s.hot_keys.read();
}

}  // namespace

void read_into(task_status& out, const engine::task_stats& s, std::int64_t now) {
  read_counts(out, s);
  out.busy_ns = with_open_span(s.busy_ns, s.stepping_since, now);
  out.blocked_ns = with_open_span(s.blocked_ns, s.blocked_since, now);
  out.ready_ns = with_open_span(s.ready_ns, s.ready_since, now);
  out.align_ns = with_open_span(s.align_ns, s.aligning_since, now);
  out.freeze_ns = s.snapshot_freeze_ns.get();
  out.freeze_total_ns = s.freeze_ns.get();
  out.sampled_busy_ns = s.sampled_busy_ns.get();
  out.sampled_cpu_ns = s.sampled_cpu_ns.get();
  out.queue_ns = s.queue_ns.get();
  out.network_ns = s.network_ns.get();
  out.network_events = s.network_events.get();
  out.queue_events = s.queue_events.get();
  out.stepping_for = elapsed(s.stepping_since.get(), now);
  out.aligning_for = elapsed(s.aligning_since.get(), now);
  out.since_progress = elapsed(s.progressed_at.get(), now);
  s.latency.add_to(out.latency);
  s.queue.add_to(out.queue);
  s.disorder.add_to(out.disorder);
}

void read_into(channel_status& out, const engine::channel_stats& s, std::int64_t now) {
  // What is done first: read the other way round, more could be done than was sent.
  out.done = s.done();
  out.taken = std::max(s.taken(), out.done);
  out.sent = std::max(s.sent(), out.taken);
  out.credit_used = s.credit_used();
  out.credit_window = s.credit_window();
  out.held_for = elapsed(s.held_since(), now);
  out.oldest_unfinished = elapsed(s.oldest_unfinished(), now);
}

}  // namespace millrace::runtime
