#include "letters/letter_wire.hpp"

#include <charconv>
#include <utility>

#include "letters/letter_content.hpp"
#include "millrace/transport/utf8.hpp"

namespace millrace::letters {

namespace {

using nlohmann::json;

std::string to_hex(const std::string& bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += digits[b >> 4U];
    out += digits[b & 15U];
  }
  return out;
}

result<std::string> from_hex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned byte = 0;
    const auto* const at = text.data() + i;
    if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) break;
    out += static_cast<char>(byte);
  }
  if (out.size() * 2 == text.size()) return out;
  return user_error(errc::invalid_argument, "these are no hexadecimal digits");
}

result<engine::letter_state> state_of(const std::string& text) {
  using enum engine::letter_state;
  for (const auto s : {pending, open, fixed, requested, queued, replayed}) {
    if (text == to_string(s)) return s;
  }
  return fatal_error(errc::corrupt, "'" + text + "' is no state of a dead letter");
}

}  // namespace

void put_bytes(json& to, const std::string& name, const std::string& bytes) {
  if (transport::is_utf8(bytes)) {
    to[name] = bytes;
  } else {
    to[name + "_hex"] = to_hex(bytes);
  }
}

result<std::string> take_bytes(const json& from, const std::string& name) {
  if (const auto text = from.find(name); text != from.end() && text->is_string()) return text->get<std::string>();
  if (const auto hex = from.find(name + "_hex"); hex != from.end() && hex->is_string()) {
    return from_hex(hex->get<std::string>());
  }
  return user_error(errc::invalid_argument, "'" + name + "' is missing, or is no text");
}

json to_wire(const engine::kept_letter& l) {
  json out{{"id", to_string(l.id)},         {"state", to_string(l.state)}, {"actor", l.what.actor},
           {"partition", l.what.partition}, {"input", l.what.input},       {"sequence", l.what.sequence},
           {"at_ns", l.what.at.ns},         {"fields", l.what.fields}};
  auto content = content_of(l);
  const bool is_cut = content.size() > content_bytes_max;
  if (is_cut) content.resize(content_bytes_max);
  if (is_cut) out["cut"] = true;
  put_bytes(out, "channel", l.what.channel);
  put_bytes(out, "reason", l.what.reason.substr(0, content_bytes_max));
  put_bytes(out, "content", content);
  if (l.fix) put_bytes(out, "fix", l.fix->content.substr(0, content_bytes_max));
  return out;
}

result<received_letter> from_wire(const json& wire) {
  try {
    received_letter out;
    auto& l = out.what;
    const auto id = engine::parse_letter_id(wire.at("id").get<std::string>());
    if (!id) return id.error();
    l.id = *id;
    const auto state = state_of(wire.at("state").get<std::string>());
    if (!state) return state.error();
    l.state = *state;
    l.what.actor = wire.at("actor").get<std::string>();
    l.what.partition = wire.at("partition").get<std::uint32_t>();
    l.what.input = wire.at("input").get<std::string>();
    l.what.sequence = wire.at("sequence").get<std::uint64_t>();
    l.what.at = event_time{wire.at("at_ns").get<std::int64_t>()};
    l.what.fields = wire.at("fields").get<std::string>();
    for (const auto& [name, to] : {std::pair{"channel", &l.what.channel}, std::pair{"reason", &l.what.reason},
                                   std::pair{"content", &l.what.content}}) {
      auto bytes = take_bytes(wire, name);
      if (!bytes) return std::move(bytes).error();
      *to = *std::move(bytes);
    }
    if (auto fix = take_bytes(wire, "fix")) l.fix = engine::letter_fix{*std::move(fix), {}};
    out.is_cut = wire.value("cut", false);
    return out;
  } catch (const json::exception& e) {
    return fatal_error(errc::corrupt, std::string{"this is no dead letter: "} + e.what());
  }
}

}  // namespace millrace::letters
