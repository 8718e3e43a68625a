#include "command/status_columns.hpp"

#include <algorithm>
#include <array>

#include "command/figures.hpp"

namespace millrace::command {

namespace {

using engine::task_phase;

constexpr std::size_t bar_cells = 6;
constexpr double share_shown_min = 0.005;  // less rounds to 0 %
constexpr double blocked_share_warned = 0.5;
constexpr double queue_share_warned = 0.9;

bool is_kind(const node::task_view& v, const char* kind) {
  return v.now.kind == kind;
}

cell name_cell(const node::task_view& v, processing_time) {
  return {v.now.name, tone::plain};
}

/// A task that works in bursts is idle at most of the moments one looks: what it did in the last second says more.
task_phase phase_shown(const node::task_view& v) {
  const bool is_at_work = v.now.phase == task_phase::idle || v.now.phase == task_phase::running;
  if (is_at_work && v.blocked_share >= blocked_share_warned) return task_phase::blocked;
  if (v.now.phase == task_phase::idle && (v.in_per_s > 0 || v.out_per_s > 0)) return task_phase::running;
  return v.now.phase;
}

/// What its supervisor says, where that is more than what the task says itself.
cell health_cell(runtime::health h) {
  switch (h) {
    case runtime::health::degraded:
      return {"◑ degraded", tone::bad};
    case runtime::health::restoring:
      return {"↺ restoring", tone::warn};
    case runtime::health::backing_off:
      return {"↻ backs off", tone::warn};
    case runtime::health::failed:
      return {"✗ failed", tone::bad};
    case runtime::health::starting:
    case runtime::health::running:
      break;
  }
  return {};
}

cell state_cell(const node::task_view& v, processing_time) {
  if (v.now.phase != task_phase::backing_off && v.now.phase != task_phase::finished) {
    if (auto said = health_cell(v.now.health.now); !said.text.empty()) return said;
  }
  switch (phase_shown(v)) {
    case task_phase::starting:
      return {"◌ starting", tone::dim};
    case task_phase::running:
      return {"● running", tone::good};
    case task_phase::blocked:
      return {"◐ blocked", tone::warn};
    case task_phase::idle:
      return {"○ idle", tone::dim};
    case task_phase::backing_off:
      return {"↻ retrying", tone::warn};
    case task_phase::finished:
      return {"✓ finished", tone::accent};
    case task_phase::failed:
      return {"✗ failed", tone::bad};
  }
  return {"? unknown", tone::bad};
}

cell rate_cell(double rate) {
  return {count_text(rate), rate > 0 ? tone::bold : tone::dim};
}
cell in_cell(const node::task_view& v, processing_time) {
  return is_kind(v, "producer") ? cell{} : rate_cell(v.in_per_s);
}
cell out_cell(const node::task_view& v, processing_time) {
  return is_kind(v, "sink") ? cell{} : rate_cell(v.out_per_s);
}

cell total_cell(const node::task_view& v, processing_time) {
  const auto n = is_kind(v, "producer") ? v.now.events_out : v.now.events_in;
  return {count_text(static_cast<double>(n)), tone::plain};
}

cell queue_cell(const node::task_view& v, processing_time) {
  if (v.now.credit_window == 0) return {};
  const auto share = static_cast<double>(v.now.credit_used) / v.now.credit_window;
  return {bar(share, bar_cells) + "▏", share >= queue_share_warned ? tone::warn : tone::accent};
}

cell share_cell(double share, tone look) {
  return share < share_shown_min ? cell{"0%", tone::dim} : cell{percent_text(share), look};
}
cell blocked_cell(const node::task_view& v, processing_time) {
  return share_cell(v.blocked_share, v.blocked_share >= blocked_share_warned ? tone::warn : tone::plain);
}
cell busy_cell(const node::task_view& v, processing_time) {
  return share_cell(v.busy_share, tone::plain);
}

bool is_known(event_time t) {
  return t != event_time::min() && t != event_time::max();
}

cell watermark_cell(const node::task_view& v, processing_time) {
  if (v.now.watermark == event_time::max()) return {"end", tone::dim};
  return is_known(v.now.watermark) ? cell{time_text(v.now.watermark.ns), tone::plain} : cell{};
}
cell lag_cell(const node::task_view& v, processing_time now) {
  if (!is_known(v.now.watermark)) return {};
  const auto lag = std::chrono::nanoseconds{now.ns - v.now.watermark.ns};
  return {lag.count() < 0 ? "ahead" : span_text(lag), tone::plain};
}

cell count_cell(std::uint64_t n, tone look) {
  return n == 0 ? cell{} : cell{count_text(static_cast<double>(n)), look};
}
cell backlog_cell(const node::task_view& v, processing_time) {
  return count_cell(v.now.backlog, tone::plain);
}
cell rows_cell(const node::task_view& v, processing_time) {
  return count_cell(v.now.state_rows, tone::plain);
}
cell late_cell(const node::task_view& v, processing_time) {
  return count_cell(v.now.late, tone::warn);
}
cell dead_cell(const node::task_view& v, processing_time) {
  return count_cell(v.now.dead_letters, tone::bad);
}

cell latency_cell(std::chrono::nanoseconds d) {
  return d.count() == 0 ? cell{} : cell{span_text(d), tone::plain};
}
cell p50_cell(const node::task_view& v, processing_time) {
  return latency_cell(v.p50);
}
cell p99_cell(const node::task_view& v, processing_time) {
  return latency_cell(v.p99);
}

/// How much a state of one partition says about the whole actor.
int weight(task_phase p) {
  switch (p) {
    case task_phase::failed:
      return 6;
    case task_phase::backing_off:
      return 5;
    case task_phase::blocked:
      return 4;
    case task_phase::running:
      return 3;
    case task_phase::starting:
      return 2;
    case task_phase::idle:
      return 1;
    case task_phase::finished:
      return 0;
  }
  return 0;
}

void merge(node::task_view& sum, const node::task_view& v) {
  sum.in_per_s += v.in_per_s;
  sum.out_per_s += v.out_per_s;
  sum.now.events_in += v.now.events_in;
  sum.now.events_out += v.now.events_out;
  sum.now.credit_used += v.now.credit_used;
  sum.now.credit_window += v.now.credit_window;
  sum.now.backlog += v.now.backlog;
  sum.now.state_rows += v.now.state_rows;
  sum.now.dead_letters += v.now.dead_letters;
  sum.now.late += v.now.late;
  // The slowest partition is what the actor's users notice.
  sum.blocked_share = std::max(sum.blocked_share, v.blocked_share);
  sum.busy_share = std::max(sum.busy_share, v.busy_share);
  sum.now.watermark = std::min(sum.now.watermark, v.now.watermark);
  sum.p50 = std::max(sum.p50, v.p50);
  sum.p99 = std::max(sum.p99, v.p99);
  sum.p99_9 = std::max(sum.p99_9, v.p99_9);
  if (weight(v.now.phase) > weight(sum.now.phase)) sum.now.phase = v.now.phase;
}

}  // namespace

const std::vector<column_rule>& status_columns() {
  static const std::vector<column_rule> columns{
      {"actor", true, 0, name_cell},       {"state", true, 1, state_cell},  {"in/s", false, 2, in_cell},
      {"out/s", false, 2, out_cell},       {"total", false, 4, total_cell}, {"queue", true, 5, queue_cell},
      {"blocked", false, 6, blocked_cell}, {"busy", false, 3, busy_cell},   {"backlog", false, 9, backlog_cell},
      {"rows", false, 10, rows_cell},      {"dead", false, 3, dead_cell},   {"late", false, 6, late_cell},
      {"p50", false, 8, p50_cell},         {"p99", false, 5, p99_cell},     {"watermark", true, 11, watermark_cell},
      {"lag", false, 7, lag_cell},
  };
  return columns;
}

cell run_state_cell(const std::string& state) {
  if (state == "running") return {"● running", tone::good};
  if (state == "failed") return {"✗ failed", tone::bad};
  if (state == "finished") return {"✓ finished", tone::accent};
  return {"◌ " + state, tone::warn};
}

std::vector<node::task_view> merged_by_actor(const std::vector<node::task_view>& rows) {
  std::vector<node::task_view> merged;
  std::size_t partitions = 0;
  for (const auto& row : rows) {
    if (merged.empty() || merged.back().now.actor != row.now.actor) {
      merged.push_back(row);
      merged.back().now.name = row.now.actor;
      partitions = 1;
      continue;
    }
    merge(merged.back(), row);
    merged.back().now.name = row.now.actor + " ×" + std::to_string(++partitions);
  }
  return merged;
}

}  // namespace millrace::command
