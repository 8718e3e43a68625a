#pragma once

#include <string>

#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace::library {

/// True when a value of one type can be made of some value of the other at all.
[[nodiscard]] bool can_cast(const field_type& from, const field_type& to) noexcept;

/// Makes a value of another scalar type without losing anything of it: text is read as in files, a float becomes an
/// integer when it is whole, an integer a time as nanoseconds, a float as seconds since the epoch. Null stays null, and
/// an empty text becomes null where the target is optional and no text. `scratch` holds what texts and bytes are views
/// into; the value is good until it changes. Whether an integer fits the width is left to the batch builder.
///
/// Returns nullptr, or what would have been right, e.g. "a whole number".
[[nodiscard]] const char* cast(const field_type& from, const value& v, const field_type& to, value& out,
                               std::string& scratch);

}  // namespace millrace::library
