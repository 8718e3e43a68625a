#pragma once

#include <memory>

#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// One MessagePack value: a map of fields by name, or an array of all of them in their order. Keys that are no fields
/// are skipped, fields left out become null where they are optional. Times are MessagePack's timestamps, or what text
/// holds them otherwise (ISO 8601, nanoseconds as an integer); decimals are texts, integers or floats. A problem's
/// column is the byte it was found at, from 1 on.
[[nodiscard]] std::unique_ptr<record_parser> make_msgpack_parser(schema_ptr fields);

}  // namespace millrace::library
