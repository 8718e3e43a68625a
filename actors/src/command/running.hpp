#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/control_client.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace CLI {
class App;
}

namespace millrace::command {

/// A process that can be asked: of this user, or a node somewhere else.
struct reachable {
  transport::control_endpoint endpoint;
  std::optional<transport::remote_keys> keys{};
};

/// How people say which node they mean.
struct node_choice {
  std::string name{};      ///< one of this user's; empty: the only one
  std::string key_file{};  ///< the node that this key is for, wherever it is; empty: one of this user's
};
void add_node_options(CLI::App& app, node_choice& choice);
/// `--key-file` alone, for verbs that are about all of this user's nodes without it.
void add_key_option(CLI::App& app, std::string& key_file);

/// How people say which topology they mean.
struct running_choice {
  std::string name{};      ///< empty: the only one
  std::uint32_t pid = 0;   ///< 0: whichever
  std::string key_file{};  ///< as of a node
};
void add_running_options(CLI::App& app, running_choice& choice);

/// A topology of this user's processes or of another node: a run of its own, or one that a node hosts.
struct running_topology {
  reachable process;
  std::string topology;
  std::string node{};  ///< empty: a run of its own
};

/// As people know it: `spending (process 4711)`, `spending (node local)`.
[[nodiscard]] std::string name_of(const running_topology& t);
/// The name of the node that listens there.
[[nodiscard]] std::string node_name(const transport::control_endpoint& e);

/// All there are; a node that does not answer is named on standard error. `key_file`: those of that node alone.
[[nodiscard]] result<std::vector<running_topology>> all_running(const std::string& key_file);
/// The one that is meant. errc::not_found lists what there is.
[[nodiscard]] result<running_topology> choose_running(const running_choice& choice);

/// The nodes of this user.
[[nodiscard]] result<std::vector<transport::control_endpoint>> all_nodes();
/// The one that is meant. errc::not_found lists what there is and says how to start one.
[[nodiscard]] result<reachable> choose_node(const node_choice& choice);

/// Asks a process. Waits for the answer, at most some seconds.
[[nodiscard]] result<nlohmann::json> ask(const reachable& process, const std::string& verb,
                                         const nlohmann::json& args = nlohmann::json::object());
/// Asks about this topology.
[[nodiscard]] result<nlohmann::json> ask(const running_topology& t, const std::string& verb,
                                         nlohmann::json args = nlohmann::json::object());

}  // namespace millrace::command
