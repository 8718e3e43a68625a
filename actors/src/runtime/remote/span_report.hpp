#pragma once

#include <cstdint>
#include <vector>

#include "millrace/engine/trace.hpp"
#include "millrace/record.hpp"
#include "runtime/remote/wire.hpp"

namespace millrace::runtime::remote {

/// A span as it travels to the lead.
struct span_row {
  std::uint64_t high = 0, low = 0, span = 0, parent = 0;
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint64_t sequence = 0;
  std::uint32_t task = 0, channel = 0;
  std::uint8_t kind = 0;
  bool is_replayed = false, has_failed = false;
  std::uint64_t linked_high = 0, linked_low = 0, linked_span = 0;
};
MILLRACE_RECORD(span_row, 1, high, low, span, parent, start_ns, end_ns, sequence, task, channel, kind, is_replayed,
                has_failed, linked_high, linked_low, linked_span)

/// What the tasks of a guest tell of traced events, twice a second. More than `spans_max` go in several.
struct span_report {
  static constexpr auto what = kind::spans;
  static constexpr std::size_t spans_max = 1'024;
  std::vector<span_row> spans;
  std::uint64_t dropped = 0;
  std::uint64_t limited = 0;
};
MILLRACE_RECORD(span_report, 1, spans, dropped, limited)

[[nodiscard]] span_row to_wire(const engine::span_record& s);
/// Of a report of another node; those that cannot be right are left out. `tasks`: of the plan.
[[nodiscard]] std::vector<engine::span_record> from_wire(const std::vector<span_row>& rows, std::size_t tasks);

}  // namespace millrace::runtime::remote
