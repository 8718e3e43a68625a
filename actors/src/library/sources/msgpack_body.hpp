#pragma once

#include "library/sources/ingest_body.hpp"

namespace millrace::library {

/// The events of a MessagePack message: one, as a map or an array of its fields, or an array of such maps or arrays.
/// `parser` is that of `make_msgpack_parser` for `type`. Places are the item (line) and the byte in it (column).
[[nodiscard]] parsed_body parse_msgpack_body(const record_type_ptr& type, record_parser& parser, std::string body,
                                             std::size_t items_max);

}  // namespace millrace::library
