#pragma once

#include <string>
#include <utility>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::library {

using header_fields = std::vector<std::pair<std::string, std::string>>;

/// Reads `Name: text; Name: text`. Errors name the parameter. Headers that carry secrets (Authorization, Cookie) are
/// refused: they have parameters that do not hold the secret itself.
[[nodiscard]] result<header_fields> parse_headers(const std::string& text, const std::string& parameter);

}  // namespace millrace::library
