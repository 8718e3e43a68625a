#include "node/topology_difference.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "node/parameter_secrecy.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

/// Members of two JSON objects that differ, each as a line of its own.
void compare(json& out, const std::string& where, const json& before, const json& after) {
  std::set<std::string> names;
  for (const auto* side : {&before, &after}) {
    for (const auto& [name, value] : side->items()) names.insert(name);
  }
  for (const auto& name : names) {
    const auto from = before.contains(name) ? before[name] : json{};
    const auto to = after.contains(name) ? after[name] : json{};
    if (from == to) continue;
    const auto place = where + "." + name;
    if (from.is_object() && to.is_object()) {
      compare(out, place, from, to);
    } else {
      out.push_back({{"what", from.is_null() ? "added"
                              : to.is_null() ? "removed"
                                             : "changed"},
                     {"where", place},
                     {"from", from},
                     {"to", to}});
    }
  }
}

/// As it stands in a `.mill` file, which leaves defaults out.
json as_json(const topology& t) {
  return json::parse(to_text(t), nullptr, false);
}

/// Of an actor: what its secret parameters are is not told, only that they differ.
void compare_actor(json& out, const json& before, const json& after) {
  const auto place = "actor " + after["name"].get<std::string>();
  const auto first = out.size();
  // Left out where there are none; as one value, those of the other side would be told unmasked.
  const auto with_params = [](json actor) {
    if (!actor.contains("params")) actor["params"] = json::object();
    return actor;
  };
  compare(out, place, with_params(before), with_params(after));
  const auto params = place + ".params.";
  for (auto i = first; i < out.size(); ++i) {
    auto& line = out[i];
    const auto where = line["where"].get<std::string>();
    if (!where.starts_with(params)) continue;
    for (const auto& [side, actor] : {std::pair{"from", &before}, std::pair{"to", &after}}) {
      if (!line[side].is_null() && is_secret((*actor)["type"].get<std::string>(), where.substr(params.size())))
        line[side] = masked_value;
    }
  }
}

const json* actor_in(const json& topology, const std::string& name) {
  for (const auto& a : topology["actors"]) {
    if (a["name"] == name) return &a;
  }
  return nullptr;
}

}  // namespace

json differences(const topology& before, const topology& after) {
  auto out = json::array();
  const auto was = as_json(before);
  const auto is = as_json(after);
  compare(out, "setting", was.value("settings", json::object()), is.value("settings", json::object()));
  for (const auto& a : after.actors) {
    const auto* old = actor_in(was, a.name);
    if (old == nullptr) {
      out.push_back({{"what", "added"}, {"where", "actor " + a.name}, {"to", a.type}});
    } else {
      compare_actor(out, *old, *actor_in(is, a.name));
    }
  }
  for (const auto& a : before.actors) {
    if (after.find(a.name) == nullptr)
      out.push_back({{"what", "removed"}, {"where", "actor " + a.name}, {"from", a.type}});
  }
  const auto text = [](const stream_spec& s) {
    return "stream " + s.from_actor + "." + s.from_port + " -> " + s.to_actor + "." + s.to_port;
  };
  for (const auto& s : after.streams) {
    if (std::ranges::find(before.streams, s) == before.streams.end())
      out.push_back({{"what", "added"}, {"where", text(s)}});
  }
  for (const auto& s : before.streams) {
    if (std::ranges::find(after.streams, s) == after.streams.end())
      out.push_back({{"what", "removed"}, {"where", text(s)}});
  }
  return out;
}

}  // namespace millrace::node
