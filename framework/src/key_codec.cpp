#include "millrace/key_codec.hpp"

namespace millrace::detail {

decimal without_trailing_zeros(decimal d) noexcept {
  while (d.scale != 0 && d.unscaled % 10 == 0) {
    d.unscaled /= 10;
    --d.scale;
  }
  return d;
}

bool encode_key_float(msgpack::writer& w, double v) {
  if (std::isnan(v)) return false;
  w.float64(v == 0.0 ? 0.0 : v);
  return true;
}

bool encode_key_value(msgpack::writer& w, const value& v) {
  switch (v.kind()) {
    case value_kind::null:
      w.nil();
      return true;
    case value_kind::boolean:
      w.boolean(v.as_bool());
      return true;
    case value_kind::int64:
      w.integer(v.as_int64());
      return true;
    case value_kind::uint64:
      w.integer(v.as_uint64());
      return true;
    case value_kind::float64:
      return encode_key_float(w, v.as_float64());
    case value_kind::string:
      w.string(v.as_string());
      return true;
    case value_kind::bytes:
      w.binary(v.as_bytes());
      return true;
    case value_kind::event_time:
      w.integer(v.as_time().ns);
      return true;
    case value_kind::decimal:
      codec<decimal>::encode(w, without_trailing_zeros(v.as_decimal()));
      return true;
    case value_kind::packed:
      break;
  }
  return false;
}

std::string key_type_text(const field_type& type) {
  field_type wide = type;
  if (type.kind == field_kind::float32) wide.kind = field_kind::float64;
  if (type.kind == field_kind::integer || type.kind == field_kind::enumeration) {
    return type.optional ? "int?" : "int";  // canonical integers are the same for every width
  }
  if (type.kind != field_kind::record) return to_text(wide);
  std::string text;
  for (const field& f : type.nested->fields) text += (text.empty() ? "(" : ", ") + key_type_text(f.type);
  return text + (type.optional ? ")?" : ")");
}

}  // namespace millrace::detail
