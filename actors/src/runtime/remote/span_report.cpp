#include "runtime/remote/span_report.hpp"

namespace millrace::runtime::remote {

span_row to_wire(const engine::span_record& s) {
  return {s.trace.high,  s.trace.low,  s.span,        s.parent,     s.start_ns,
          s.end_ns,      s.sequence,   s.task,        s.channel,    static_cast<std::uint8_t>(s.kind),
          s.is_replayed, s.has_failed, s.linked.high, s.linked.low, s.linked_span};
}

std::vector<engine::span_record> from_wire(const std::vector<span_row>& rows, std::size_t tasks) {
  std::vector<engine::span_record> out;
  for (const auto& r : rows) {
    if (r.kind >= engine::span_kinds || r.task >= tasks || r.span == 0 || (r.high | r.low) == 0) continue;
    out.push_back({{r.high, r.low},
                   r.span,
                   r.parent,
                   r.start_ns,
                   r.end_ns,
                   r.sequence,
                   r.task,
                   r.channel,
                   static_cast<engine::span_kind>(r.kind),
                   r.is_replayed,
                   r.has_failed,
                   {r.linked_high, r.linked_low},
                   r.linked_span});
  }
  return out;
}

}  // namespace millrace::runtime::remote
