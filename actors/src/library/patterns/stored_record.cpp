#include "library/patterns/stored_record.hpp"

#include <utility>

namespace millrace {

namespace library {

namespace {

void encode_value(msgpack::writer& w, const value& v) {
  w.integer(static_cast<std::uint8_t>(v.kind()));
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
      return w.float64(v.as_float64());
    case value_kind::event_time:
      return w.integer(v.as_time().ns);
    case value_kind::decimal:
      return codec<decimal>::encode(w, v.as_decimal());
    case value_kind::string:
    case value_kind::bytes:
    case value_kind::packed:
      return w.binary(v.as_bytes());
  }
}

template <class T>
bool decode_as(msgpack::reader& r, value& out) {
  T v{};
  if (!codec<T>::decode(r, v)) return false;
  out = value::of(v);
  return true;
}

bool decode_view(msgpack::reader& r, value_kind kind, value& out) {
  bytes_view bytes;
  if (!r.binary(bytes)) return false;
  out = kind == value_kind::string  ? value::of(as_text(bytes))
        : kind == value_kind::bytes ? value::of(bytes)
                                    : value::packed(bytes);
  return true;
}

/// Text and bytes stay views into the input.
bool decode_value(msgpack::reader& r, value& out) {
  std::uint8_t kind = 0;
  if (!r.integer(kind)) return false;
  switch (static_cast<value_kind>(kind)) {
    case value_kind::null:
      return r.take_nil() || r.refuse();
    case value_kind::boolean:
      return decode_as<bool>(r, out);
    case value_kind::int64:
      return decode_as<std::int64_t>(r, out);
    case value_kind::uint64:
      return decode_as<std::uint64_t>(r, out);
    case value_kind::float64:
      return decode_as<double>(r, out);
    case value_kind::event_time:
      return decode_as<event_time>(r, out);
    case value_kind::decimal:
      return decode_as<decimal>(r, out);
    case value_kind::string:
    case value_kind::bytes:
    case value_kind::packed:
      return decode_view(r, static_cast<value_kind>(kind), out);
  }
  return r.refuse();
}

}  // namespace

stored_record::stored_record(const record_view& record)
    : stored_record(std::vector<value>(record.values().begin(), record.values().end())) {}

stored_record::stored_record(std::vector<value> values) {
  auto made = std::make_shared<content>();
  made->values = std::move(values);
  std::size_t total = 0;
  for (const auto& v : made->values) total += v.is_view() ? v.as_bytes().size() : 0;
  made->bytes.reserve(total);  // so that nothing moves while values point into it
  for (auto& v : made->values) {
    if (!v.is_view() || v.as_bytes().empty()) continue;
    const auto at = made->bytes.size();
    made->bytes.append(v.as_bytes());
    v = v.moved_to(made->bytes.data() + at);
  }
  content_ = std::move(made);
}

}  // namespace library

void codec<library::stored_record>::encode(msgpack::writer& w, const library::stored_record& in) {
  if (in.content_ == nullptr) return w.nil();
  w.array(static_cast<std::uint32_t>(2 * in.content_->values.size()));
  for (const auto& v : in.content_->values) library::encode_value(w, v);
}

bool codec<library::stored_record>::decode(msgpack::reader& r, library::stored_record& out) {
  if (r.take_nil()) {
    out = {};
    return true;
  }
  std::uint32_t n = 0;
  if (!r.array(n) || (n % 2 != 0 && !r.refuse())) return false;
  std::vector<value> values(n / 2);
  for (auto& v : values) {
    if (!library::decode_value(r, v)) return false;
  }
  out = library::stored_record{std::move(values)};
  return true;
}

}  // namespace millrace
