#include "node/access/audit_detail.hpp"

#include <array>
#include <string_view>

#include "millrace/param.hpp"
#include "millrace/text/utf8.hpp"
#include "node/parameter_secrecy.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::size_t bytes_max = 256;
constexpr std::size_t value_bytes_max = 100;

/// Which arguments say what was asked for.
struct shown {
  std::string_view verb;
  const char* argument;
};
constexpr std::array arguments{
    shown{"mute", "actor"},        shown{"unmute", "actor"},      shown{"savepoint", "label"},
    shown{"start", "from"},        shown{"deploy", "from"},       shown{"savepoint_delete", "savepoint"},
    shown{"tail_open", "channel"}, shown{"break_set", "channel"}, shown{"key_create", "name"},
    shown{"key_invite", "name"},   shown{"key_invite", "role"},   shown{"node_invite", "name"},
    shown{"key_create", "role"},   shown{"key_revoke", "name"},   shown{"key_rotate", "name"},
    shown{"peer_remove", "name"},  shown{"chaos_inject", "kind"}, shown{"chaos_inject", "target"},
};

std::string text_of(const json& args, const char* name) {
  const auto found = args.find(name);
  return found != args.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string setting(const json& args) {
  const auto parameter = text_of(args, "parameter");
  const auto value = args.find("value");
  const auto shown = value == args.end() ? std::string{"nothing"}
                     : may_be_secret(parameter)
                         ? std::string{masked_value}
                         : shortened(value->dump(-1, ' ', false, json::error_handler_t::replace), value_bytes_max);
  return shortened(text_of(args, "actor") + "." + parameter, bytes_max - value_bytes_max - 10) + " = " + shown;
}

}  // namespace

std::string audit_detail(const std::string& verb, const json& args) {
  if (!args.is_object()) return {};
  if (verb == "set") return setting(args);
  std::string out;
  for (const auto& [of, name] : arguments) {
    if (of != verb) continue;
    const auto text = text_of(args, name);
    if (!text.empty()) out += (out.empty() ? "" : ", ") + std::string{name} + " " + shortened(text, value_bytes_max);
  }
  return shortened(out, bytes_max - 3);
}

}  // namespace millrace::node
