#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/error.hpp"

namespace millrace::node {

/// Where a person wants the tasks of a topology. As JSON: `{"nodes": ["a","b"], "pins": {"sum": ["b"], "sum/3":
/// ["c"]}}`.
struct placement_rules {
  std::vector<std::string> nodes{};                        ///< partition i runs on node i mod their number; none: here
  std::map<std::string, std::vector<std::string>> pins{};  ///< by actor, or "actor/partition": instead of `nodes`

  [[nodiscard]] bool empty() const noexcept { return nodes.empty() && pins.empty(); }
  bool operator==(const placement_rules&) const = default;
};

/// Errors (`invalid_argument`): names the field that is not what it must be.
[[nodiscard]] result<placement_rules> placement_rules_of(const nlohmann::json& j);
[[nodiscard]] nlohmann::json to_json(const placement_rules& r);

/// A node that could host tasks.
struct place_for_tasks {
  std::string name;
  std::map<std::string, std::string> labels{};
};

/// The node of each task of the plan. A name of the rules may be `label=VALUE`, which stands for all nodes that have
/// it, `own` too, by name, or `*`, which stands for all. Rules without a say leave a task on `own`. Pure: the same
/// rules and nodes give the same answer. Errors
/// (`invalid_argument`): a node or label nobody has, a pin of an actor or partition that is not there.
[[nodiscard]] result<std::vector<std::string>> place_tasks(const engine::plan& p, const placement_rules& rules,
                                                           const place_for_tasks& own,
                                                           const std::vector<place_for_tasks>& others);

}  // namespace millrace::node
