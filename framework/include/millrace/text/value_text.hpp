#pragma once

#include <string>
#include <string_view>

#include "millrace/msgpack.hpp"
#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace {

/// Reads the text of a scalar field. Strings are views into `text`, bytes (hexadecimal digits) lie in `scratch`, which
/// is overwritten. Returns nullptr, or what would have been right, e.g. "a whole number". Whether a number fits the
/// field's width is left to the batch builder.
[[nodiscard]] const char* parse_value(const field_type& type, std::string_view text, value& out, std::string& scratch);

/// Takes one scalar of the type (or null, where it is optional) as records and keys hold it; text and bytes stay views.
[[nodiscard]] bool read_scalar(msgpack::reader& in, const field_type& type, value& out);

/// How event times are written.
enum class time_format : unsigned char { iso, ns };

/// Appends a value as plain text: the shortest float that reads back the same, bytes as hexadecimal digits, null as
/// nothing, nested values as JSON.
void append_text(std::string& out, const field_type& type, const value& v, time_format times);

/// Appends a value of the type as JSON. NaN and infinities, which JSON cannot say, become null; nested records become
/// objects, lists arrays, maps objects.
void append_json(std::string& out, const field_type& type, const value& v, time_format times);

/// Appends a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace millrace
