#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/engine/trace.hpp"
#include "millrace/error.hpp"
#include "millrace/runtime/traced_spans.hpp"

namespace millrace::node {

/// A span with the names people know.
struct told_span {
  engine::trace_id trace{};
  std::uint64_t span = 0;
  std::uint64_t parent = 0;   ///< 0: none
  std::int64_t start_ns = 0;  ///< since 1970, as all times
  std::int64_t end_ns = 0;
  engine::span_kind kind{};
  std::string topology{};
  std::string actor{};
  std::uint32_t partition = 0;
  std::string node{};     ///< empty: it is not one of several
  std::string channel{};  ///< empty: it is about none
  std::uint64_t sequence = 0;
  bool is_replayed = false;
  bool has_failed = false;
  struct link {
    engine::trace_id trace{};
    std::uint64_t span = 0;
  };
  std::vector<link> links{};  ///< what it may come from, in other traces
};

/// Names what tasks of `p` told; the records of a span with several links become one. `node`: this one's name. Pure.
[[nodiscard]] std::vector<told_span> told(const engine::plan& p, const std::vector<runtime::traced_span>& spans,
                                          const std::string& node);

/// An ExportTraceServiceRequest in the JSON encoding of OTLP (opentelemetry-proto 1.x, "JSON Protobuf Encoding": ids as
/// hexadecimal text, 64-bit integers as decimal text, enumerations as numbers). Pure.
[[nodiscard]] nlohmann::json otlp_request(const std::vector<told_span>& spans);
/// Reads what `otlp_request` wrote; what others wrote there is passed over where it says nothing of Millrace.
[[nodiscard]] result<std::vector<told_span>> read_otlp(const std::string& line);

}  // namespace millrace::node
