#include <charconv>
#include <cmath>
#include <cstdint>

#include "millrace/text/time_text.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

template <class N>
void append_number(std::string& out, N n) {
  char text[32];  // a double needs 24, a 64-bit integer 20
  out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
}

void append_float(std::string& out, const field_type& type, double d) {
  if (type.kind == field_kind::float32) return append_number(out, static_cast<float>(d));
  append_number(out, d);
}

void append_time(std::string& out, event_time t, time_format times) {
  if (times == time_format::iso) return append_iso_time(out, t);
  append_number(out, t.ns);
}

void append_decimal(std::string& out, decimal d) {
  std::string digits;
  append_number(digits, d.unscaled);
  const std::size_t sign = digits.front() == '-' ? 1 : 0;
  if (digits.size() - sign <= d.scale) digits.insert(sign, d.scale + 1 - (digits.size() - sign), '0');
  if (d.scale != 0) digits.insert(digits.size() - d.scale, 1, '.');
  out += digits;
}

void append_hex(std::string& out, bytes_view bytes) {
  for (const std::byte b : bytes) {
    out += hex_digits[std::to_integer<unsigned>(b) >> 4];
    out += hex_digits[std::to_integer<unsigned>(b) & 15];
  }
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex_digits[static_cast<unsigned char>(c) >> 4];
      out += hex_digits[static_cast<unsigned char>(c) & 15];
  }
}

/// Walks a packed value along its type. The batch it comes from was checked when it was built, so reads do not fail;
/// should one, what follows is null.
class packed_json {
public:
  packed_json(std::string& out, bytes_view packed, time_format times) : out_{&out}, in_{packed}, times_{times} {}

  void append(const field_type& type) {
    if (type.optional && in_.take_nil()) {
      *out_ += "null";
      return;
    }
    switch (type.kind) {
      case field_kind::record:
        return append_record(*type.nested);
      case field_kind::list:
        return append_list(*type.element);
      case field_kind::map:
        return append_map(type);
      default:
        break;
    }
    value v;
    if (!read_scalar(in_, type, v)) v = {};
    append_json(*out_, type, v, times_);
  }

private:
  void append_record(const schema& s) {
    std::uint32_t n = 0;
    if (!in_.array(n)) n = 0;
    *out_ += '{';
    for (std::uint32_t i = 0; i < n && i < s.fields.size(); ++i) {
      if (i != 0) *out_ += ',';
      append_json_string(*out_, s.fields[i].name);
      *out_ += ':';
      append(s.fields[i].type);
    }
    *out_ += '}';
  }

  void append_list(const field_type& element) {
    std::uint32_t n = 0;
    if (!in_.array(n)) n = 0;
    *out_ += '[';
    for (std::uint32_t i = 0; i < n; ++i) {
      if (i != 0) *out_ += ',';
      append(element);
    }
    *out_ += ']';
  }

  void append_map(const field_type& type) {
    std::uint32_t n = 0;
    if (!in_.map(n)) n = 0;
    *out_ += '{';
    for (std::uint32_t i = 0; i < n; ++i) {
      if (i != 0) *out_ += ',';
      value key;
      std::string name;
      if (read_scalar(in_, *type.key, key)) append_text(name, *type.key, key, times_);
      append_json_string(*out_, name);
      *out_ += ':';
      append(*type.element);
    }
    *out_ += '}';
  }

  std::string* out_;
  msgpack::reader in_;
  time_format times_;
};

}  // namespace

void append_text(std::string& out, const field_type& type, const value& v, time_format times) {
  switch (v.kind()) {
    case value_kind::null:
      return;
    case value_kind::boolean:
      out += v.as_bool() ? "true" : "false";
      return;
    case value_kind::int64:
      return append_number(out, v.as_int64());
    case value_kind::uint64:
      return append_number(out, v.as_uint64());
    case value_kind::float64:
      return append_float(out, type, v.as_float64());
    case value_kind::string:
      out += v.as_string();
      return;
    case value_kind::bytes:
      return append_hex(out, v.as_bytes());
    case value_kind::event_time:
      return append_time(out, v.as_time(), times);
    case value_kind::decimal:
      return append_decimal(out, v.as_decimal());
    case value_kind::packed:
      return packed_json{out, v.as_bytes(), times}.append(type);
  }
}

void append_json(std::string& out, const field_type& type, const value& v, time_format times) {
  const bool is_quoted =
      v.kind() == value_kind::bytes || (v.kind() == value_kind::event_time && times == time_format::iso);
  if (v.kind() == value_kind::string) return append_json_string(out, v.as_string());
  if (v.is_null() || (v.kind() == value_kind::float64 && !std::isfinite(v.as_float64()))) {
    out += "null";
    return;
  }
  if (is_quoted) out += '"';
  append_text(out, type, v, times);
  if (is_quoted) out += '"';
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    append_escape(out, c);
    clean = i + 1;
  }
  out.append(text, clean, text.size() - clean);
  out += '"';
}

}  // namespace millrace
