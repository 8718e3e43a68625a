#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "node/deployment_store.hpp"

// What is wanted of a topology while it runs: the verbs `pause`, `resume`, `mute`, `unmute` and `set` (docs/nodes.md).
namespace millrace::node {

[[nodiscard]] bool is_steering(const std::string& verb) noexcept;

/// What a request comes to.
struct steered {
  nlohmann::json answer;
  std::optional<runtime::changed_parameter> setting{};
};

/// Notes in a deployment what the verb asks for; nothing else is done. Errors: what it names is not there, or cannot be
/// changed. Pure but for the clock.
[[nodiscard]] result<steered> steer(deployment& d, const std::string& verb, const nlohmann::json& args);

/// Pausing and muting are in the run as the deployment has them. Error: an actor is not there.
[[nodiscard]] result<void> apply(runtime::run_steering& steering, const deployment& d);

/// What was set from one text of a topology to the next.
[[nodiscard]] std::vector<runtime::changed_parameter> settings_between(const std::string& was, const std::string& is);

/// Does it to a run that no node hosts, and answers. What is set holds as long as the run. Thread: any.
[[nodiscard]] result<nlohmann::json> steer(runtime::topology_run& run, const std::string& verb,
                                           const nlohmann::json& args);

}  // namespace millrace::node
