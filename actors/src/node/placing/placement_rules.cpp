#include "node/placing/placement_rules.hpp"

#include <algorithm>
#include <utility>

namespace millrace::node {

namespace {

using nlohmann::json;

// More nodes than a topology can have tasks for.
constexpr std::size_t names_max = 256;

error wrong(const std::string& field, const std::string& what) {
  return user_error(errc::invalid_argument, "placement: " + field + " " + what);
}

result<std::vector<std::string>> names_of(const json& j, const std::string& field) {
  if (!j.is_array() || j.size() > names_max) return wrong(field, "must be a list of names of nodes");
  std::vector<std::string> out;
  for (const auto& name : j) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty())
      return wrong(field, "has an entry that is no name");
    out.push_back(name.get<std::string>());
  }
  return out;
}

bool stands_for(const std::string& name, const place_for_tasks& place) {
  const auto equals = name.find('=');
  if (equals == std::string::npos) return name == place.name || name == "*";
  const auto label = place.labels.find(name.substr(0, equals));
  return label != place.labels.end() && label->second == name.substr(equals + 1);
}

/// Names with those that stand for several nodes replaced.
result<std::vector<std::string>> nodes_named(const std::vector<std::string>& names,
                                             const std::vector<place_for_tasks>& all) {
  std::vector<std::string> out;
  for (const auto& name : names) {
    bool is_known = false;
    for (const auto& p : all) {
      if (!stands_for(name, p)) continue;
      is_known = true;
      // One that was named twice is meant twice; what stands for several adds those that are missing.
      if (p.name == name || std::ranges::find(out, p.name) == out.end()) out.push_back(p.name);
    }
    if (is_known) continue;
    std::string known;
    for (const auto& p : all) known += (known.empty() ? "" : ", ") + p.name;
    const bool is_label = name.find('=') != std::string::npos;
    return wrong("no node",
                 (is_label ? "has the label '" : "is called '") + name + "'; known here with a link: " + known);
  }
  return out;
}

bool is_of(const engine::plan& p, const std::string& pin, task_id task) {
  return pin == p.spec.actors[p.tasks[task.value].actor].name || pin == p.task_name(task);
}

}  // namespace

result<placement_rules> placement_rules_of(const json& j) {
  placement_rules out;
  if (j.is_null()) return out;
  if (!j.is_object()) return wrong("it", "must be an object with 'nodes' and 'pins'");
  for (const auto& [field, value] : j.items()) {
    if (field == "nodes") {
      auto names = names_of(value, "'nodes'");
      if (!names) return std::move(names).error();
      out.nodes = *std::move(names);
    } else if (field == "pins") {
      if (!value.is_object()) return wrong("'pins'", "must be an object: actor or actor/partition to a list of nodes");
      for (const auto& [where, list] : value.items()) {
        auto names = names_of(list, "the pin of '" + where + "'");
        if (!names) return std::move(names).error();
        if (names->empty()) return wrong("the pin of '" + where + "'", "names no node");
        out.pins[where] = *std::move(names);
      }
    } else {
      return wrong("'" + field + "'", "is unknown; there are 'nodes' and 'pins'");
    }
  }
  return out;
}

json to_json(const placement_rules& r) {
  return {{"nodes", r.nodes}, {"pins", r.pins}};
}

result<std::vector<std::string>> place_tasks(const engine::plan& p, const placement_rules& rules,
                                             const place_for_tasks& own, const std::vector<place_for_tasks>& others) {
  auto all = others;
  all.push_back(own);
  std::ranges::sort(all, {}, &place_for_tasks::name);
  const auto everywhere = nodes_named(rules.nodes, all);
  if (!everywhere) return everywhere.error();
  std::map<std::string, std::vector<std::string>> pins;
  for (const auto& [where, names] : rules.pins) {
    const bool is_known = std::ranges::any_of(p.tasks, [&, w = where](const auto& t) { return is_of(p, w, t.id); });
    if (!is_known) return wrong("no actor and no actor/partition", "is called '" + where + "'");
    auto nodes = nodes_named(names, all);
    if (!nodes) return std::move(nodes).error();
    pins[where] = *std::move(nodes);
  }
  std::vector<std::string> out;
  for (const auto& t : p.tasks) {
    auto pin = pins.find(p.task_name(t.id));
    if (pin == pins.end()) pin = pins.find(p.spec.actors[t.actor].name);
    const auto& from = pin == pins.end() ? *everywhere : pin->second;
    out.push_back(from.empty() ? own.name : from[t.partition % from.size()]);
  }
  return out;
}

}  // namespace millrace::node
