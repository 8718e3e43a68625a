#pragma once

#include <memory>
#include <string>

#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// Lines that match an RE2 expression as a whole, where fields are its named groups. A group that took no part in the
/// match, or is empty, is null where the field is optional. Matching takes time in proportion to the line, whatever the
/// expression.
///
/// `pattern` was checked. What RE2 matches is UTF-8.
[[nodiscard]] std::unique_ptr<record_parser> make_regex_parser(schema_ptr fields, const std::string& pattern);
/// Error: the pattern cannot be read, or a field is none of its groups.
[[nodiscard]] result<void> check_regex(const schema& fields, const std::string& pattern);

}  // namespace millrace::library
