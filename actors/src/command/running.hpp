#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace millrace::command {

/// A topology of this user's processes: a run of its own, or one that a node hosts.
struct running_topology {
  transport::control_endpoint endpoint;
  std::string topology;
  std::string node{};  ///< empty: a run of its own
};

/// As people know it: `spending (process 4711)`, `spending (node local)`.
[[nodiscard]] std::string name_of(const running_topology& t);

/// The name of the node that listens there.
[[nodiscard]] std::string node_name(const transport::control_endpoint& e);

/// All there are; a node that does not answer is named on standard error.
[[nodiscard]] result<std::vector<running_topology>> all_running();

/// The one that is meant: of this name (empty: the only one) and process (0: whichever). errc::not_found lists what
/// there is.
[[nodiscard]] result<running_topology> choose_running(const std::string& name, std::uint32_t pid);

/// The nodes of this user. `name` empty: all.
[[nodiscard]] result<std::vector<transport::control_endpoint>> nodes_named(const std::string& name);
/// The one node that is meant. errc::not_found lists what there is and says how to start one.
[[nodiscard]] result<transport::control_endpoint> choose_node(const std::string& name);

/// Asks a process over its control socket. Waits for the answer, at most some seconds.
[[nodiscard]] result<nlohmann::json> ask(const transport::control_endpoint& endpoint, const std::string& verb,
                                         const nlohmann::json& args = nlohmann::json::object());
/// Asks about this topology.
[[nodiscard]] result<nlohmann::json> ask(const running_topology& t, const std::string& verb,
                                         nlohmann::json args = nlohmann::json::object());

}  // namespace millrace::command
