#include <charconv>
#include <cstdint>

#include "millrace/codec.hpp"
#include "millrace/text/time_text.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace {

namespace {

/// The whole text must be the number.
template <class N>
bool read_number(std::string_view text, N& out) noexcept {
  const auto* const end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, out);
  return r.ec == std::errc{} && r.ptr == end;
}

const char* parse_bool(std::string_view text, value& out) noexcept {
  const bool yes = text == "true" || text == "yes" || text == "1";
  if (!yes && text != "false" && text != "no" && text != "0") return "true or false";
  out = value::of(yes);
  return nullptr;
}

const char* parse_integer(std::string_view text, value& out) noexcept {
  std::int64_t n = 0;
  if (read_number(text, n)) {
    out = value::of(n);
    return nullptr;
  }
  std::uint64_t large = 0;
  if (!read_number(text, large)) return "a whole number";
  out = value::of(large);
  return nullptr;
}

const char* parse_float(std::string_view text, value& out) noexcept {
  double d = 0;
  if (!read_number(text, d)) return "a number";
  out = value::of(d);
  return nullptr;
}

const char* parse_decimal(std::string_view text, value& out) noexcept {
  constexpr const char* expected = "a decimal number of at most 18 digits";
  constexpr std::size_t chars_max = 20;  // 18 digits, a sign and a point always fit 64 bits
  char digits[chars_max];
  std::size_t n = 0;
  std::size_t decimals = 0;
  bool has_point = false;
  if (text.size() > chars_max) return expected;
  for (const char c : text) {
    if (c == '.' && !has_point) {
      has_point = true;
      continue;
    }
    digits[n++] = c;
    decimals += has_point ? 1 : 0;
  }
  decimal d;
  if (!read_number({digits, n}, d.unscaled)) return expected;
  d.scale = static_cast<std::uint8_t>(decimals);
  out = value::of(d);
  return nullptr;
}

int nibble(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char* parse_bytes(std::string_view text, value& out, std::string& scratch) {
  constexpr const char* expected = "an even number of hexadecimal digits";
  if (text.size() % 2 != 0) return expected;
  scratch.clear();
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return expected;
    scratch += static_cast<char>(high * 16 + low);
  }
  out = value::of(as_bytes(scratch));
  return nullptr;
}

const char* parse_enumeration(const field_type& type, std::string_view text, value& out) noexcept {
  for (std::size_t i = 0; i < type.names.size(); ++i) {
    if (type.names[i] != text) continue;
    out = value::of(static_cast<std::int64_t>(i));
    return nullptr;
  }
  return parse_integer(text, out) == nullptr ? nullptr : "a name or number of the enumeration";
}

const char* parse_time(std::string_view text, value& out) noexcept {
  const auto t = parse_event_time(text);
  if (!t) return "a time such as 2026-11-21T10:00:00.5Z, 1700000000.25 (seconds) or whole nanoseconds";
  out = value::of(*t);
  return nullptr;
}

template <class T>
bool read_as(msgpack::reader& in, value& out) {
  T v{};
  if (!codec<T>::decode(in, v)) return false;
  out = value::of(v);
  return true;
}

}  // namespace

const char* parse_value(const field_type& type, std::string_view text, value& out, std::string& scratch) {
  switch (type.kind) {
    case field_kind::boolean:
      return parse_bool(text, out);
    case field_kind::integer:
      return parse_integer(text, out);
    case field_kind::float32:
    case field_kind::float64:
      return parse_float(text, out);
    case field_kind::string:
      out = value::of(text);
      return nullptr;
    case field_kind::bytes:
      return parse_bytes(text, out, scratch);
    case field_kind::event_time:
      return parse_time(text, out);
    case field_kind::decimal:
      return parse_decimal(text, out);
    case field_kind::enumeration:
      return parse_enumeration(type, text, out);
    case field_kind::record:
    case field_kind::list:
    case field_kind::map:
      break;
  }
  return "a single value";
}

bool read_scalar(msgpack::reader& in, const field_type& type, value& out) {
  std::string_view text;
  bytes_view bytes;
  if (type.optional && in.take_nil()) {
    out = value{};
    return true;
  }
  switch (type.kind) {
    case field_kind::boolean:
      return read_as<bool>(in, out);
    case field_kind::integer:
    case field_kind::enumeration:
      return type.is_signed ? read_as<std::int64_t>(in, out) : read_as<std::uint64_t>(in, out);
    case field_kind::float32:
    case field_kind::float64:
      return read_as<double>(in, out);
    case field_kind::event_time:
      return read_as<event_time>(in, out);
    case field_kind::decimal:
      return read_as<decimal>(in, out);
    case field_kind::string:
      if (!in.string(text)) return false;
      out = value::of(text);
      return true;
    case field_kind::bytes:
      if (!in.binary(bytes)) return false;
      out = value::of(bytes);
      return true;
    case field_kind::record:
    case field_kind::list:
    case field_kind::map:
      break;
  }
  return in.refuse();
}

}  // namespace millrace
