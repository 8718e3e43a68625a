#include "library/tables/table_key.hpp"

#include "millrace/detail/big_endian.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

constexpr std::uint64_t sign = std::uint64_t{1} << 63;

void append_number(std::string& out, std::uint64_t v) {
  std::byte bytes[sizeof v];
  detail::store_big_endian(bytes, v);
  out.append(as_text({bytes, sizeof v}));
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    out += c;
    if (c == '\0') out += '\xff';
  }
}

bool has_order(const field_type& type) {
  switch (type.kind) {
    case field_kind::boolean:
    case field_kind::integer:
    case field_kind::string:
    case field_kind::bytes:
    case field_kind::event_time:
    case field_kind::enumeration:
      return true;
    default:
      return false;
  }
}

bool is_unsigned(const field_type& type) {
  return type.kind == field_kind::integer && !type.is_signed;
}

void append_value(std::string& out, const field_type& type, const value& v) {
  switch (type.kind) {
    case field_kind::boolean:
      out += v.as_bool() ? '\1' : '\0';
      break;
    case field_kind::string:
    case field_kind::bytes:
      append_escaped(out, v.as_string());
      out.append("\0\1", 2);
      break;
    case field_kind::event_time:
      append_number(out, static_cast<std::uint64_t>(v.as_time().ns) ^ sign);
      break;
    default:
      append_number(out, is_unsigned(type) ? v.as_uint64() : v.as_uint64() ^ sign);
  }
}

}  // namespace

result<table_key> table_key::of(const schema& s, const std::vector<std::string>& names) {
  if (names.empty()) {
    return user_error(errc::invalid_argument, "parameter 'key' is empty: name the fields that tell rows apart");
  }
  table_key out;
  for (const auto& name : names) {
    const auto at = find_field(s, name, "key");
    if (!at) return at.error();
    const auto& type = s.fields[*at].type;
    if (type.optional) {
      return user_error(errc::invalid_argument, "parameter 'key': field '" + name +
                                                    "' may be null; fill it with millrace.map, or choose another key");
    }
    if (!has_order(type)) {
      return user_error(errc::invalid_argument, "parameter 'key': field '" + name + "' is a " + to_text(type) +
                                                    "; keys are texts, bytes, whole numbers, truth values or times: "
                                                    "convert it with millrace.map, or choose another key");
    }
    out.parts_.push_back({*at, name, type});
  }
  return out;
}

void table_key::append(std::string& out, std::span<const value> row) const {
  for (const auto& p : parts_) append_value(out, p.type, row[p.index]);
}

result<std::string> table_key::parse(std::span<const std::string> texts) const {
  std::string names;
  for (const auto& p : parts_) names += (names.empty() ? "" : ", ") + p.name;
  if (texts.size() > parts_.size()) {
    return user_error(errc::invalid_argument, "a key of this table has " + std::to_string(parts_.size()) + " values (" +
                                                  names + "), not " + std::to_string(texts.size()));
  }
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto& p = parts_[i];
    value v;
    std::string scratch;
    const char* const wanted = parse_value(p.type, texts[i], v, scratch);
    if (wanted != nullptr) {
      return user_error(errc::invalid_argument,
                        "key field '" + p.name + "' takes " + wanted + ", not '" + texts[i] + "'");
    }
    append_value(out, p.type, v);
  }
  return out;
}

result<std::string> table_key::parse_prefix(const std::string& prefix) const {
  const auto& first = parts_.front();
  if (first.type.kind != field_kind::string) {
    return user_error(errc::invalid_argument, "--prefix is for keys that begin with a text; '" + first.name +
                                                  "' is a " + to_text(first.type) + ": use --from and --to");
  }
  std::string out;
  append_escaped(out, prefix);
  return out;
}

}  // namespace millrace::library
