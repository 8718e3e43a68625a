#include "millrace/record_text.hpp"

#include <charconv>

namespace millrace {

namespace {

template <class N>
std::string number(N n) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  return {text, end};
}

std::string text_of(const value& v) {
  switch (v.kind()) {
    case value_kind::null:
      return "null";
    case value_kind::boolean:
      return v.as_bool() ? "true" : "false";
    case value_kind::int64:
      return number(v.as_int64());
    case value_kind::uint64:
      return number(v.as_uint64());
    case value_kind::float64:
      return number(v.as_float64());
    case value_kind::string:
      return '"' + std::string{v.as_string()} + '"';
    case value_kind::event_time:
      return number(v.as_time().ns);
    case value_kind::decimal:
      return number(v.as_decimal().unscaled) + "e-" + std::to_string(v.as_decimal().scale);
    case value_kind::bytes:
    case value_kind::packed:
      return "<" + std::to_string(v.as_bytes().size()) + " bytes>";
  }
  return "?";
}

}  // namespace

std::string record_text(const batch& records, std::uint32_t row, std::size_t text_max) {
  const auto& fields = records.type().schema().fields;
  byte_buffer scratch;
  std::string out = "{";
  for (std::uint32_t f = 0; f < fields.size(); ++f) {
    if (f != 0) out += ", ";
    out += fields[f].name + "=" + text_of(records.type().value_at(records, row, f, scratch));
    if (out.size() > text_max) {
      out.resize(text_max);
      return out + "…}";
    }
  }
  return out + "}";
}

}  // namespace millrace
