#pragma once

#include "millrace/detail/arena.hpp"
#include "millrace/msgpack.hpp"
#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace::detail {

/// Reads a value of the type; text, bytes and packed values stay views into the input. Nested values are checked all
/// the way down, so that a packed value always decodes later.
[[nodiscard]] bool read_value(msgpack::reader& r, const field_type& type, value& out);

/// Writes a value that `read_value` or `accept_value` took for this type.
void write_value(msgpack::writer& w, const field_type& type, const value& v);

/// The value in the form a slot of this type holds; false when it is no value of the type. Views are not copied.
[[nodiscard]] bool accept_value(const field_type& type, const value& v, value& out);

/// What a field is when nobody set it: null, zero or empty. What needs bytes puts them into `strings`.
[[nodiscard]] value default_value(const field_type& type, arena& strings);

}  // namespace millrace::detail
