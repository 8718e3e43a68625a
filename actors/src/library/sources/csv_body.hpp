#pragma once

#include <string>

#include "library/sources/ingest_body.hpp"

namespace millrace::library {

/// Reads a whole body of CSV (RFC 4180). `has_header`: the first record names the columns; a header that does not fit
/// is the first malformed item, and then the only one. At most `items_max` records.
[[nodiscard]] parsed_body parse_csv_body(const record_type_ptr& type, std::string text, bool has_header,
                                         std::size_t items_max);

}  // namespace millrace::library
