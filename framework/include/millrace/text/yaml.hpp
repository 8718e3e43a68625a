#pragma once

#include <string>

#include "millrace/error.hpp"

namespace millrace {

/// The first document of a YAML text as JSON, members in their order. Plain scalars that JSON has as numbers, `true` or
/// `false` are those; what stands in quotes is a text. Thread: any.
///
/// Errors (`parse_error`, with line and column): no YAML, no UTF-8, a name that is no text; nested deeper than 32, or
/// more than 100,000 values, as aliases may refer to each other and so grow without end.
[[nodiscard]] result<std::string> yaml_to_json(const std::string& yaml);

}  // namespace millrace
