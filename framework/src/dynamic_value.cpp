#include "dynamic_value.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "millrace/check.hpp"
#include "millrace/codec.hpp"

namespace millrace::detail {
namespace {

bool fits(const field_type& type, const value& v) noexcept {
  const unsigned spare = 64u - type.bits;
  if (v.kind() == value_kind::uint64) return !type.is_signed && spare == 0;
  if (v.kind() != value_kind::int64) return false;
  if (!type.is_signed) return v.as_int64() >= 0 && v.as_uint64() <= UINT64_MAX >> spare;
  return v.as_int64() >= INT64_MIN >> spare && v.as_int64() <= INT64_MAX >> spare;
}

bool read_integer(msgpack::reader& r, const field_type& type, value& out) {
  if (type.is_signed) {
    std::int64_t v = 0;
    if (!r.integer(v)) return false;
    out = value::of(v);
  } else {
    std::uint64_t v = 0;
    if (!r.integer(v)) return false;
    out = value::of(v);
  }
  return fits(type, out) || r.refuse();
}

bool check_record(msgpack::reader& r, const schema& s) {
  std::uint32_t n = 0;
  if (!r.array(n) || (!s.is_known_length(n) && !r.refuse())) return false;
  value ignored;
  return std::all_of(s.fields.begin(), s.fields.begin() + n,
                     [&](const field& f) { return read_value(r, f.type, ignored); });
}

bool check_list(msgpack::reader& r, const field_type& element) {
  std::uint32_t n = 0;
  if (!r.array(n) || !r.enter()) return false;
  value ignored;
  for (; n != 0; --n) {
    if (!read_value(r, element, ignored)) return false;
  }
  r.leave();
  return true;
}

/// Keys are compared in canonical form: 1 in two spellings is one key.
bool check_map(msgpack::reader& r, const field_type& type) {
  std::uint32_t n = 0;
  if (!r.map(n) || !r.enter()) return false;
  std::vector<std::string> keys;
  byte_buffer canonical;
  msgpack::writer w{canonical};
  for (; n != 0; --n) {
    value key;
    value ignored;
    if (!read_value(r, *type.key, key) || !read_value(r, *type.element, ignored)) return false;
    canonical.clear();
    write_value(w, *type.key, key);
    keys.emplace_back(as_text(canonical.view()));
  }
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end()) return r.refuse();
  r.leave();
  return true;
}

bool check_nested(msgpack::reader& r, const field_type& type) {
  if (type.kind == field_kind::record) return check_record(r, *type.nested);
  return type.kind == field_kind::list ? check_list(r, *type.element) : check_map(r, type);
}

/// Two readers over the same bytes: one checks the structure, the other measures it.
bool read_packed(msgpack::reader& r, const field_type& type, value& out) {
  msgpack::reader measure = r;
  bytes_view bytes;
  if (!check_nested(r, type)) return false;
  if (!measure.raw(bytes)) return r.refuse();
  out = value::packed(bytes);
  return true;
}

template <class T>
bool read_as(msgpack::reader& r, value& out) {
  T v{};
  if (!codec<T>::decode(r, v)) return false;
  out = value::of(v);
  return true;
}

void write_default(msgpack::writer& w, const field_type& type) {
  if (type.optional) return w.nil();
  switch (type.kind) {
    case field_kind::boolean:
      return w.boolean(false);
    case field_kind::float32:
      return w.float32(0);
    case field_kind::float64:
      return w.float64(0);
    case field_kind::string:
      return w.string({});
    case field_kind::bytes:
      return w.binary({});
    case field_kind::decimal:
      return codec<decimal>::encode(w, {});
    case field_kind::list:
      return w.array(0);
    case field_kind::map:
      return w.map(0);
    case field_kind::record:
      w.array(static_cast<std::uint32_t>(type.nested->fields.size()));
      for (const field& f : type.nested->fields) write_default(w, f.type);
      return;
    case field_kind::integer:
    case field_kind::enumeration:
    case field_kind::event_time:
      return w.integer(0);
  }
}

}  // namespace

bool read_value(msgpack::reader& r, const field_type& type, value& out) {
  if (type.optional && r.take_nil()) {
    out = value{};
    return true;
  }
  std::string_view text;
  bytes_view bytes;
  switch (type.kind) {
    case field_kind::boolean:
      return read_as<bool>(r, out);
    case field_kind::integer:
    case field_kind::enumeration:
      return read_integer(r, type, out);
    case field_kind::float32: {
      float v = 0;
      if (!codec<float>::decode(r, v)) return false;
      out = value::of(static_cast<double>(v));
      return true;
    }
    case field_kind::float64:
      return read_as<double>(r, out);
    case field_kind::event_time:
      return read_as<event_time>(r, out);
    case field_kind::decimal:
      return read_as<decimal>(r, out);
    case field_kind::string:
      if (!r.string(text)) return false;
      out = value::of(text);
      return true;
    case field_kind::bytes:
      if (!r.binary(bytes)) return false;
      out = value::of(bytes);
      return true;
    case field_kind::record:
    case field_kind::list:
    case field_kind::map:
      return read_packed(r, type, out);
  }
  return r.refuse();
}

void write_value(msgpack::writer& w, const field_type& type, const value& v) {
  switch (v.kind()) {
    case value_kind::null:
      return w.nil();
    case value_kind::boolean:
      return w.boolean(v.as_bool());
    case value_kind::int64:
      return w.integer(v.as_int64());
    case value_kind::uint64:
      return w.integer(v.as_uint64());
    case value_kind::float64:
      return type.kind == field_kind::float32 ? w.float32(static_cast<float>(v.as_float64()))
                                              : w.float64(v.as_float64());
    case value_kind::string:
      return w.string(v.as_string());
    case value_kind::bytes:
      return w.binary(v.as_bytes());
    case value_kind::event_time:
      return w.integer(v.as_time().ns);
    case value_kind::decimal:
      return codec<decimal>::encode(w, v.as_decimal());
    case value_kind::packed:
      return w.raw(v.as_bytes());
  }
}

bool accept_value(const field_type& type, const value& v, value& out) {
  out = v;
  if (v.is_null()) return type.optional;
  switch (type.kind) {
    case field_kind::boolean:
      return v.kind() == value_kind::boolean;
    case field_kind::integer:
    case field_kind::enumeration:
      return fits(type, v);
    case field_kind::float32:
    case field_kind::float64:
      if (v.kind() != value_kind::float64 && !v.is_integer()) return false;
      out = value::of(type.kind == field_kind::float64 ? v.to_float64() : static_cast<float>(v.to_float64()));
      return true;
    case field_kind::string:
      return v.kind() == value_kind::string;
    case field_kind::bytes:
      return v.kind() == value_kind::bytes;
    case field_kind::event_time:
      return v.kind() == value_kind::event_time;
    case field_kind::decimal:
      return v.kind() == value_kind::decimal;
    case field_kind::record:
    case field_kind::list:
    case field_kind::map:
      break;
  }
  if (v.kind() != value_kind::packed) return false;
  msgpack::reader r{v.as_bytes()};
  return check_nested(r, type) && r.at_end();
}

value default_value(const field_type& type, arena& strings) {
  byte_buffer buffer;
  msgpack::writer w{buffer};
  write_default(w, type);
  msgpack::reader r{{strings.copy(buffer.view()), buffer.size()}};
  value v;
  MILLRACE_CHECK(read_value(r, type, v), "the default of a field is no value of its type");
  return v;
}

}  // namespace millrace::detail
