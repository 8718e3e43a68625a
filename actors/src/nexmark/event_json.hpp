#pragma once

#include <string>
#include <string_view>

#include "millrace/error.hpp"
#include "nexmark/records.hpp"

namespace millrace::nexmark {

/// Appends an event as one line of JSON: `{"number":7,"kind":"bid","auction":1000,…}`; times are nanoseconds since
/// 1970.
void append_json_line(std::string& out, const event& e);

/// Reads a line as `append_json_line` writes it; fields may come in any order. `out` is overwritten. Error
/// (`invalid_argument`): what is wrong and at which column.
[[nodiscard]] result<void> parse_json_line(std::string_view line, event& out);

}  // namespace millrace::nexmark
