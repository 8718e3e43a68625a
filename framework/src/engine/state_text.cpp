#include "millrace/engine/state_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "millrace/key_codec.hpp"
#include "millrace/schema.hpp"

namespace millrace::engine {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr unsigned nesting_max = 32;

std::string hex(bytes_view bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (const auto b : bytes) {
    out += digits[std::to_integer<unsigned>(b) >> 4];
    out += digits[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

/// An object; keys need not be texts: a list of pairs then.
ordered_json with_keys(std::vector<std::pair<ordered_json, ordered_json>> entries) {
  if (std::ranges::all_of(entries, [](const auto& e) { return e.first.is_string(); })) {
    auto out = ordered_json::object();
    for (auto& [key, content] : entries) out[key.get<std::string>()] = std::move(content);
    return out;
  }
  auto out = ordered_json::array();
  for (auto& [key, content] : entries) out.push_back({std::move(key), std::move(content)});
  return out;
}

ordered_json untyped(msgpack::reader& in, unsigned depth = 0) {
  if (depth > nesting_max) return (void)in.refuse(), nullptr;
  std::uint32_t n = 0;
  switch (in.peek()) {
    case msgpack::token::boolean: {
      bool v = false;
      (void)in.boolean(v);
      return v;
    }
    case msgpack::token::integer: {
      msgpack::reader again = in;
      std::int64_t v = 0;
      if (again.integer(v)) return in = again, ordered_json(v);
      std::uint64_t large = 0;
      (void)in.integer(large);
      return large;
    }
    case msgpack::token::floating: {
      double v = 0;
      (void)in.float64(v);
      return v;
    }
    case msgpack::token::string: {
      std::string_view v;
      (void)in.string(v);
      return v;
    }
    case msgpack::token::binary: {
      bytes_view v;
      (void)in.binary(v);
      return hex(v);
    }
    case msgpack::token::array: {
      auto out = ordered_json::array();
      for ((void)in.array(n); n != 0 && !in.failed(); --n) out.push_back(untyped(in, depth + 1));
      return out;
    }
    case msgpack::token::map: {
      std::vector<std::pair<ordered_json, ordered_json>> entries;
      for ((void)in.map(n); n != 0 && !in.failed(); --n) {
        auto key = untyped(in, depth + 1);
        entries.emplace_back(std::move(key), untyped(in, depth + 1));
      }
      return with_keys(std::move(entries));
    }
    default:
      (void)in.skip();
      return nullptr;
  }
}

ordered_json typed(msgpack::reader& in, const field_type& type, unsigned depth = 0) {
  if (depth > nesting_max) return (void)in.refuse(), nullptr;
  if (in.take_nil()) return nullptr;
  std::uint32_t n = 0;
  switch (type.kind) {
    case field_kind::record: {
      auto out = ordered_json::object();
      const auto& fields = type.nested->fields;
      (void)in.array(n);
      for (std::uint32_t i = 0; i < n && !in.failed(); ++i) {
        if (i < fields.size()) {
          out[fields[i].name] = typed(in, fields[i].type, depth + 1);
        } else {
          (void)in.skip();
        }
      }
      return out;
    }
    case field_kind::list: {
      auto out = ordered_json::array();
      for ((void)in.array(n); n != 0 && !in.failed(); --n) out.push_back(typed(in, *type.element, depth + 1));
      return out;
    }
    case field_kind::map: {
      auto out = ordered_json::object();
      for ((void)in.map(n); n != 0 && !in.failed(); --n) {
        const auto key = typed(in, *type.key, depth + 1);
        out[key.is_string() ? key.get<std::string>() : key.dump()] = typed(in, *type.element, depth + 1);
      }
      return out;
    }
    case field_kind::decimal: {
      decimal d;
      if (!codec<decimal>::decode(in, d)) return nullptr;
      return std::to_string(d.unscaled) + "e-" + std::to_string(d.scale);
    }
    default:
      return untyped(in, depth + 1);
  }
}

std::string text_of(const ordered_json& v) {
  return v.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

error expected(const std::string& type, const std::string& text) {
  return user_error(errc::invalid_argument, "the keys here are of type " + type + ", which '" + text + "' is not" +
                                                (type.starts_with("(") ? "; give a JSON list" : ""));
}

bool encode_part(msgpack::writer& out, std::string type, const json& v) {
  const bool is_optional = type.ends_with("?");
  if (is_optional) type.pop_back();
  if (v.is_null()) {
    out.nil();
    return is_optional;
  }
  if (type == "string") return v.is_string() && (out.string(v.get_ref<const std::string&>()), true);
  if (type == "bool") return v.is_boolean() && (out.boolean(v.get<bool>()), true);
  if (type == "float64") return v.is_number() && detail::encode_key_float(out, v.get<double>());
  if (type == "int" || type == "event_time") {
    if (!v.is_number_integer()) return false;
    if (v.is_number_unsigned()) {
      out.integer(v.get<std::uint64_t>());
    } else {
      out.integer(v.get<std::int64_t>());
    }
    return true;
  }
  return false;  // bytes and decimals: nobody types them
}

/// Parts of "(string, (int, bool))" at the outermost level.
std::vector<std::string> parts_of(const std::string& type) {
  std::vector<std::string> out{""};
  unsigned depth = 0;
  for (const char c : type.substr(1, type.size() - 2)) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else if (c != ' ') {
      out.back() += c;
    }
  }
  return out;
}

bool encode_text_key(msgpack::writer& out, const std::string& type, const json& v) {
  if (!type.starts_with("(")) return encode_part(out, type, v);
  const auto parts = parts_of(type);
  if (!v.is_array() || v.size() != parts.size()) return false;
  out.array(static_cast<std::uint32_t>(parts.size()));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!encode_text_key(out, parts[i], v[i])) return false;
  }
  return true;
}

ordered_json key_value(bytes_view canonical) {
  msgpack::reader in{canonical};
  return untyped(in);
}

}  // namespace

std::string state_json(const std::string& type, bytes_view content) {
  msgpack::reader in{content};
  const auto parsed = parse_schema("state", "value:" + type);
  return text_of(parsed ? typed(in, parsed->fields.front().type) : untyped(in));
}

std::string key_json(bytes_view canonical) {
  return text_of(key_value(canonical));
}

result<key_bytes> parse_key(const std::string& type, const std::string& text) {
  byte_buffer buffer;
  msgpack::writer out{buffer};
  const bool is_bare_text = type == "string" || type == "string?";
  const auto value = is_bare_text ? json(text) : json::parse(text, nullptr, false);
  if (value.is_discarded() || !encode_text_key(out, type, value)) return expected(type, text);
  return key_bytes{buffer.view()};
}

bool is_key_before(bytes_view a, bytes_view b) {
  return key_value(a) < key_value(b);
}

bool key_starts_with(bytes_view key, const std::string& prefix) {
  msgpack::reader in{key};
  std::uint32_t parts = 0;
  if (in.peek() == msgpack::token::array && (!in.array(parts) || parts == 0)) return false;
  std::string_view text;
  return in.peek() == msgpack::token::string && in.string(text) && text.starts_with(prefix);
}

}  // namespace millrace::engine
