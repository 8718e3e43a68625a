#pragma once

#include <memory>

#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// Lines of `key=value` pairs with spaces between; a value with spaces stands in quotes, with JSON's escapes. A key
/// alone is `true`. Fields are found by name; other keys are skipped, keys that are missing are null where the field is
/// optional.
[[nodiscard]] std::unique_ptr<record_parser> make_logfmt_parser(schema_ptr fields);

}  // namespace millrace::library
