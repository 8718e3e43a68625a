#include "node/access/audit_detail.hpp"

#include <algorithm>
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
constexpr std::size_t names_max = 8;  // of a list; more do not fit

struct shown {
  std::string_view verb;
  const char* member;
};
/// Which arguments say what was asked for.
constexpr std::array arguments{
    shown{"mute", "actor"},
    shown{"unmute", "actor"},
    shown{"savepoint", "label"},
    shown{"start", "from"},
    shown{"deploy", "from"},
    shown{"savepoint_delete", "savepoint"},
    shown{"tail_open", "channel"},
    shown{"break_set", "channel"},
    shown{"break_clear", "id"},
    shown{"break_step", "task"},
    shown{"break_continue", "task"},
    shown{"deadletter_show", "ids"},
    shown{"deadletter_fix", "fixes"},
    shown{"deadletter_replay", "ids"},
    shown{"deadletter_discard", "ids"},
    shown{"key_create", "name"},
    shown{"key_create", "role"},
    shown{"key_create", "topologies"},
    shown{"key_create", "topics"},
    shown{"key_invite", "name"},
    shown{"key_invite", "role"},
    shown{"key_invite", "topologies"},
    shown{"key_invite", "topics"},
    shown{"key_revoke", "name"},
    shown{"key_rotate", "name"},
    shown{"node_invite", "name"},
    shown{"node_join", "name"},
    shown{"peer_remove", "name"},
    shown{"chaos_inject", "kind"},
    shown{"chaos_inject", "target"},
    shown{"chaos_inject", "node"},
    shown{"chaos_clear", "id"},
};
/// What the node alone knows before it answers: the number that a later entry names, the key that was offered.
constexpr std::array answers{
    shown{"break_set", "id"},    shown{"chaos_inject", "id"},       shown{"key_accept", "name"},
    shown{"key_accept", "role"}, shown{"key_accept", "topologies"}, shown{"key_accept", "topics"},
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

/// A text, or the `id` of an object, whose other members may be data.
std::string name_in(const json& one) {
  const auto name = one.is_object() ? text_of(one, "id") : one.is_string() ? one.get<std::string>() : std::string{};
  return name.empty() ? "?" : shortened(name, value_bytes_max);
}

/// The first few names of a list.
std::string names_in(const json& list, const std::string& between = " ") {
  std::string out;
  for (std::size_t i = 0; i < std::min(list.size(), names_max); ++i) out += (i == 0 ? "" : between) + name_in(list[i]);
  // First how many, which must not be what is cut off.
  return list.size() > names_max ? std::to_string(list.size()) + ": " + out + between + "…" : out;
}

/// A text, a number, or names; empty: there is nothing to say.
std::string value_of(const json& from, const char* member) {
  if (!from.is_object()) return {};
  const auto found = from.find(member);
  if (found == from.end()) return {};
  if (found->is_array()) return names_in(*found);
  return found->is_number_integer() ? found->dump() : text_of(from, member);
}

void append(std::string& out, const std::string& name, const std::string& value) {
  if (value.empty()) return;
  out += (out.empty() ? "" : ", ") + name + " " + shortened(value, value_bytes_max);
}

/// Which nodes run which tasks, as on the command line: `nodes a b, place sum=b,c`.
void append_placement(std::string& out, const json& args) {
  const auto where = args.find("placement");
  if (where == args.end() || !where->is_object()) return;
  append(out, "nodes", value_of(*where, "nodes"));
  const auto pins = where->find("pins");
  if (pins == where->end() || !pins->is_object()) return;
  auto texts = json::array();
  for (const auto& [task, nodes] : pins->items()) {
    texts.push_back(task + "=" + (nodes.is_array() ? names_in(nodes, ",") : std::string{"?"}));
  }
  append(out, "place", names_in(texts));
}

}  // namespace

std::string audit_detail(const std::string& verb, const json& args, const json& answer) {
  if (!args.is_object()) return {};
  if (verb == "set") return setting(args);
  std::string out;
  for (const auto& [of, member] : arguments) {
    if (of == verb) append(out, member == std::string_view{"fixes"} ? "ids" : member, value_of(args, member));
  }
  for (const auto& [of, member] : answers) {
    if (of == verb) append(out, member, value_of(answer, member));
  }
  if (verb == "deploy") append_placement(out, args);
  // A condition may name what is in a record.
  if (verb == "break_set" && !text_of(args, "when").empty())
    out += out.empty() ? "with a condition" : ", with a condition";
  if ((verb == "break_clear" || verb == "chaos_clear") && out.empty()) out = "all";
  return shortened(out, bytes_max - 3);
}

}  // namespace millrace::node
