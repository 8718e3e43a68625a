#include "library/processors/value_cast.hpp"

#include <cmath>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

bool is_number(field_kind k) noexcept {
  return k == field_kind::integer || k == field_kind::float32 || k == field_kind::float64 || k == field_kind::decimal ||
         k == field_kind::enumeration;
}

bool is_float(field_kind k) noexcept {
  return k == field_kind::float32 || k == field_kind::float64;
}

/// The doubles below are exact, and everything between them fits 64 bits.
constexpr double integers_end = 9223372036854775808.0;

const char* whole(double d, value& out) noexcept {
  if (!(d >= -integers_end && d < integers_end) || d != std::trunc(d)) return "a whole number of 64 bits";
  out = value::of(static_cast<std::int64_t>(d));
  return nullptr;
}

const char* whole(decimal d, value& out) noexcept {
  for (; d.scale != 0; --d.scale) {
    if (d.unscaled % 10 != 0) return "a whole number";
    d.unscaled /= 10;
  }
  out = value::of(d.unscaled);
  return nullptr;
}

const char* to_integer(const value& v, value& out) noexcept {
  switch (v.kind()) {
    case value_kind::boolean:
      out = value::of(std::int64_t{v.as_bool()});
      return nullptr;
    case value_kind::float64:
      return whole(v.as_float64(), out);
    case value_kind::decimal:
      return whole(v.as_decimal(), out);
    case value_kind::event_time:
      out = value::of(v.as_time().ns);
      return nullptr;
    default:
      out = v;
      return nullptr;
  }
}

const char* to_time(const value& v, value& out) noexcept {
  constexpr double second_ns = 1e9;
  if (v.kind() == value_kind::int64) {
    out = value::of(event_time{v.as_int64()});
    return nullptr;
  }
  const double ns = std::round(v.to_float64() * second_ns);
  if (v.kind() != value_kind::float64 || !(ns > -integers_end && ns < integers_end)) return "a time from 1678 to 2262";
  out = value::of(event_time{static_cast<std::int64_t>(ns)});
  return nullptr;
}

/// By way of text, as it would stand in a file.
const char* through_text(const field_type& from, const value& v, const field_type& to, value& out,
                         std::string& scratch) {
  std::string text;
  append_text(text, from, v, time_format::iso);
  if (to.kind != field_kind::string) {
    const char* expected = parse_value(to, text, out, scratch);
    return expected;
  }
  scratch = std::move(text);
  out = value::of(std::string_view{scratch});
  return nullptr;
}

}  // namespace

bool can_cast(const field_type& from, const field_type& to) noexcept {
  if (!to.is_scalar()) return from == to;
  if (to.kind == field_kind::string) return true;
  if (!from.is_scalar()) return false;
  if (from.kind == to.kind || from.kind == field_kind::string) return true;
  if (is_number(to.kind))
    return is_number(from.kind) || (to.kind == field_kind::integer && from.kind != field_kind::bytes);
  if (to.kind == field_kind::event_time) return from.kind == field_kind::integer || is_float(from.kind);
  return to.kind == field_kind::boolean && from.kind == field_kind::integer;
}

const char* cast(const field_type& from, const value& v, const field_type& to, value& out, std::string& scratch) {
  const bool is_nothing = v.is_null() || (from.kind == field_kind::string && v.as_bytes().empty() && to.optional &&
                                          to.kind != field_kind::string);
  if (is_nothing) {
    out = {};
    return to.optional ? nullptr : "a value";
  }
  if (from.kind == to.kind) {
    out = v;
    return nullptr;
  }
  if (from.kind == field_kind::string || to.kind == field_kind::string) return through_text(from, v, to, out, scratch);
  if (is_float(to.kind)) {
    out = value::of(number_of(v));
    return nullptr;
  }
  switch (to.kind) {
    case field_kind::integer:
    case field_kind::enumeration:
      return to_integer(v, out);
    case field_kind::event_time:
      return to_time(v, out);
    default:
      return through_text(from, v, to, out, scratch);
  }
}

}  // namespace millrace::library
