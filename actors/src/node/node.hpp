#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/transport/control_server.hpp"
#include "node/deployment_store.hpp"
#include "node/hosted_topology.hpp"

namespace millrace::node {

struct node_options {
  std::string name = "local";                              ///< as `is_valid_name` wants it
  std::string data_dir;                                    ///< deployments and their snapshots
  std::size_t threads = 0;                                 ///< of each topology; 0: one a core
  std::function<void(log_level, const std::string&)> log;  ///< called from any thread
};

/// A process that hosts topologies: they are deployed to it, run until they end or are stopped, and are there again
/// after the process's next start, also when it was killed.
///
/// Verbs of its control socket `node.NAME-PID.sock` (docs/nodes.md): node, list, deploy, plan, start, stop, remove, status,
/// snapshot, state. Requests are answered on the control thread; the node's own starts and ends runs. Thread: one,
/// which calls `open`, `work` and the destructor.
class node {
public:
  /// Takes the data folder, reads what was deployed, and listens. Errors: the data folder (in use, damaged), the
  /// control socket.
  [[nodiscard]] static result<std::unique_ptr<node>> open(node_options options);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  enum class ending : unsigned char { stopped, escalated };
  /// Hosts until `wait` (called with how long there is nothing to do) says that the node is to stop; then every
  /// topology takes a last snapshot and ends. It is started again with the node. What a failure escalated ends at once.
  [[nodiscard]] ending work(const std::function<bool(std::chrono::milliseconds)>& wait);

  [[nodiscard]] const std::string& address() const noexcept { return server_->address(); }
  [[nodiscard]] std::size_t topologies() const;

private:
  using hosted_ptr = std::shared_ptr<hosted_topology>;
  using json = nlohmann::json;

  node(node_options options, deployment_store store);
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<void> listen();
  [[nodiscard]] hosted_ptr host(deployment d);
  [[nodiscard]] std::vector<hosted_ptr> all() const;

  [[nodiscard]] result<json> answer(const std::string& verb, const json& args);
  [[nodiscard]] json describe() const;
  [[nodiscard]] json list() const;
  [[nodiscard]] result<json> deploy(const json& args);
  [[nodiscard]] result<json> plan(const json& args) const;
  [[nodiscard]] result<json> want(const json& args, bool running);
  [[nodiscard]] result<json> remove(const json& args);
  /// The topology that the argument `topology` names; left out: the only one.
  [[nodiscard]] result<hosted_ptr> chosen(const json& args) const;

  const node_options options_;
  const deployment_store store_;  // control thread once the node listens
  mutable std::mutex mutex_;
  std::map<std::string, hosted_ptr> hosted_;
  std::map<std::string, hosted_ptr> removed_;  // until their runs have ended
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<transport::control_server> server_;
};

}  // namespace millrace::node
