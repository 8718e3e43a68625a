#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "millrace/error.hpp"

namespace millrace {

/// Reads a duration as people write it: a whole number and `ms`, `s`, `m`, `h` or `d`, e.g. `250ms`, `5m`. At most
/// 1,000 days. Errors: `invalid_argument`, the user's.
[[nodiscard]] result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// What `parse_duration` reads back to the same value, in the largest unit that is exact: `1s`, `1500ms`.
[[nodiscard]] std::string to_text(std::chrono::milliseconds d);

}  // namespace millrace
