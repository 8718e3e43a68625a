#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/engine/trace.hpp"

namespace millrace::runtime {

/// A span and where it comes from.
struct traced_span {
  engine::span_record what{};
  std::string node{};  ///< another one that told it; empty: this one
};

/// What was told of traced events since it was collected last.
struct collected_spans {
  std::vector<traced_span> spans{};
  std::uint64_t dropped = 0;  ///< spans that found no room
  std::uint64_t limited = 0;  ///< events chosen to be traced, and left out because of the rule's limit
};

}  // namespace millrace::runtime
