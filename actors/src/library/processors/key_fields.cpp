#include "library/processors/key_fields.hpp"

#include <stdexcept>

#include "millrace/key_codec.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

result<key_fields> key_fields::find(const schema& arriving, const std::string& text, schema& made,
                                    const std::string& parameter) {
  key_fields key;
  key.names = split_list(text, ',');
  if (key.names.empty()) return user_error(errc::invalid_argument, "parameter '" + parameter + "' names no field");
  for (const auto& name : key.names) {
    const auto index = find_field(arriving, name, parameter);
    if (!index) return index.error();
    auto part = arriving.fields[*index];
    if (!part.type.is_scalar()) {
      return user_error(errc::invalid_argument, "parameter '" + parameter + "': field '" + name + "' is a " +
                                                    to_text(part.type) + ", which cannot be a key");
    }
    if (made.find(name)) return user_error(errc::invalid_argument, "two output fields would be called '" + name + "'");
    part.since = 1;
    key.types.push_back(part.type);
    key.indexes.push_back(*index);
    made.fields.push_back(std::move(part));
  }
  return key;
}

/// A key of one field is bare, one of several an array: see key_extractor.
void key_fields::set(dynamic_builder& row, bytes_view key, std::uint32_t first) const {
  msgpack::reader in{key};
  std::uint32_t parts = 1;
  if (types.size() > 1 && !in.array(parts)) return;
  for (std::uint32_t i = 0; i < types.size(); ++i) {
    value part;
    if (read_scalar(in, types[i], part)) (void)row.set(first + i, part);
  }
}

void key_fields::append(byte_buffer& out, const record_view& record) const {
  msgpack::writer w{out};
  if (indexes.size() != 1) w.array(static_cast<std::uint32_t>(indexes.size()));
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    if (detail::encode_key_value(w, record.field(indexes[i]))) continue;
    throw std::invalid_argument{"field '" + names[i] + "' is NaN, which cannot be a key"};
  }
}

std::string canonical(const value& v) {
  byte_buffer bytes;
  msgpack::writer w{bytes};
  return detail::encode_key_value(w, v) ? std::string{as_text(bytes.view())} : std::string{};
}

}  // namespace millrace::library
