#include "library/sinks/msgpack_record.hpp"

#include <array>
#include <string>

#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// The form of 12 bytes, which holds every time: nanoseconds, then seconds since 1970, rounded down.
void append_timestamp(msgpack::writer& out, event_time t) {
  constexpr std::int64_t second = 1'000'000'000;
  auto rest = t.ns % second;
  auto whole = t.ns / second;
  if (rest < 0) {
    rest += second;
    --whole;
  }
  const auto seconds = static_cast<std::uint64_t>(whole);
  std::array<std::byte, 12> payload{};
  for (unsigned i = 0; i < 4; ++i)
    payload[i] = static_cast<std::byte>(static_cast<std::uint64_t>(rest) >> (24 - 8 * i));
  for (unsigned i = 0; i < 8; ++i) payload[4 + i] = static_cast<std::byte>(seconds >> (56 - 8 * i));
  out.ext(-1, payload);
}

void append_value(msgpack::writer& out, const field_type& type, const value& v) {
  switch (v.kind()) {
    case value_kind::null:
      return out.nil();
    case value_kind::boolean:
      return out.boolean(v.as_bool());
    case value_kind::int64:
      return out.integer(v.as_int64());
    case value_kind::uint64:
      return out.integer(v.as_uint64());
    case value_kind::float64:
      return out.float64(v.as_float64());
    case value_kind::string:
      return out.string(v.as_string());
    case value_kind::bytes:
      return out.binary(v.as_bytes());
    case value_kind::event_time:
      return append_timestamp(out, v.as_time());
    case value_kind::packed:
      return out.raw(v.as_bytes());
    case value_kind::decimal:
      break;
  }
  std::string text;
  append_text(text, type, v, time_format::iso);
  out.string(text);
}

}  // namespace

void append_msgpack_map(byte_buffer& out, const record_view& record) {
  const auto& fields = record.schema().fields;
  msgpack::writer w{out};
  w.map(static_cast<std::uint32_t>(fields.size()));
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    w.string(fields[i].name);
    append_value(w, fields[i].type, record.field(i));
  }
}

}  // namespace millrace::library
