#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/transport/control_server.hpp"
#include "node/access/door_trial.hpp"
#include "node/access/gatekeeper.hpp"
#include "node/alerts/alert_watch.hpp"
#include "node/deployment_store.hpp"
#include "node/hosted_topology.hpp"
#include "node/metrics/metrics_server.hpp"
#include "node/peers/peer_news.hpp"
#include "node/placing/guest_keeper.hpp"
#include "node/placing/link_exchange.hpp"
#include "node/savepoints/savepoint_shelf.hpp"
#include "node/tracing/trace_settings.hpp"

namespace millrace::node {

struct node_options {
  std::string name = "local";  ///< as `is_valid_name` wants it
  std::string data_dir;        ///< deployments and their snapshots
  std::size_t threads = 0;     ///< of each topology; 0: one a core
  std::string listen{};        ///< tcp://HOST:PORT for clients with a key; empty: the user of this machine alone
  std::string address{};       ///< tcp://HOST:PORT where others reach it; empty: as it listens
  std::string link{};          ///< tcp://HOST:PORT for other nodes' data; empty: no part in topologies of several nodes
  bool compresses_links = false;  ///< what it sends to other nodes, which need not be asked
  bool begins_at_rest = false;    ///< what was running at its last end is not begun again until somebody asks for it
  /// Of each topology, on the disk: what channels keep so that tasks can come back alone; 0: memory alone has it.
  std::uint64_t retained_disk_bytes_max = std::uint64_t{4} << 30;
  std::string metrics{};                                          ///< HOST:PORT for monitoring over HTTP; empty: none
  std::string alerts{};                                           ///< file of alert rules; empty: none
  std::uint64_t denials_noted = gatekeeper::denials_noted_usual;  ///< in the audit log by name, in ten seconds
  trace_settings tracing{};                                       ///< of all topologies it hosts
  std::map<std::string, std::string> labels{};                    ///< for placement
  engine::protections protect{};                                  ///< negative controls only
  std::function<void(log_level, const std::string&)> log;         ///< called from any thread
  /// Gets what topologies say, with their names. Null: `log` gets it, behind the name.
  std::function<void(log_level, const std::string& topology, const std::string&)> topology_log{};
};

/// A process that hosts topologies: they are deployed to it, run until they end or are stopped, and are there again
/// after the process's next start, also when it was killed.
///
/// Its control socket is `node.NAME-PID.sock`; the verbs are those of access/permissions.hpp (docs/nodes.md). Requests
/// are answered on the control thread; the node's own starts and ends runs. Thread: one, which calls `open`, `work` and
/// the destructor.
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

  /// Behind `work`: an actor hangs in a call, so the process had better end without waiting for anybody.
  [[nodiscard]] bool has_left_behind() const;

  [[nodiscard]] const std::string& address() const noexcept { return server_->address(); }
  /// Where clients with a key reach it, and what they know it by; empty: nowhere.
  [[nodiscard]] std::string remote_address() const { return server_->remote_address(); }
  [[nodiscard]] const std::string& public_key() const noexcept { return gate_.own().public_key; }
  [[nodiscard]] std::size_t topologies() const;
  /// How often the thread that answers requests has turned: at least once a second while it is well. Not while
  /// stopping.
  [[nodiscard]] std::uint64_t control_turns() const noexcept { return server_->turns(); }
  /// Where monitoring finds it; empty: nowhere.
  [[nodiscard]] std::string metrics_url() const { return metrics_ == nullptr ? std::string{} : metrics_->url(); }
  /// The other nodes it knows. Thread: any.
  [[nodiscard]] const peer_registry& peers() const noexcept { return gate_.peers(); }
  /// What other nodes are told of this one.
  [[nodiscard]] peer self() const;

private:
  using hosted_ptr = std::shared_ptr<hosted_topology>;
  using json = nlohmann::json;

  node(node_options options, deployment_store store, gatekeeper gate);
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<void> listen();
  [[nodiscard]] result<void> try_door();
  [[nodiscard]] result<void> show_metrics();
  [[nodiscard]] result<void> watch_alerts();
  void look_at_alerts(hosted_topology::clock::time_point now);
  [[nodiscard]] std::vector<measured_topology> measured() const;
  [[nodiscard]] measured_process measured_around(const process_probe& probe) const;
  void follow_peers();
  [[nodiscard]] result<void> open_links();
  /// Where a deployment's tasks run, as things stand. Errors: rules that name what is not there.
  [[nodiscard]] result<runtime::placement> place(const deployment& d, const engine::plan& p) const;
  [[nodiscard]] result<runtime::placement> place_for_good(const deployment& d, const engine::plan& p) const;
  void work_for_others();
  [[nodiscard]] json links() const;
  [[nodiscard]] hosted_ptr host(deployment d);
  [[nodiscard]] std::vector<hosted_ptr> all() const;

  using caller = transport::control_caller;
  [[nodiscard]] result<json> answer(const caller& who, const std::string& verb, const json& args);
  [[nodiscard]] result<json> serve(const caller& who, const std::string& verb, const json& args);
  [[nodiscard]] std::string topology_in(const caller& who, const std::string& verb, const json& args) const;
  [[nodiscard]] json describe() const;
  [[nodiscard]] result<json> list(const caller& who) const;
  [[nodiscard]] result<json> describe_actors(const json& args) const;
  [[nodiscard]] result<json> telemetry(const caller& who, const json& args) const;
  [[nodiscard]] result<json> deploy(const caller& who, const json& args);
  [[nodiscard]] result<json> plan(const json& args) const;
  [[nodiscard]] result<json> want(const caller& who, const json& args, bool running);
  [[nodiscard]] result<json> remove(const caller& who, const json& args);
  [[nodiscard]] result<json> take_savepoint(const caller& who, const json& args);
  [[nodiscard]] result<json> list_savepoints(const json& args) const;
  [[nodiscard]] result<json> delete_savepoint(const json& args);
  [[nodiscard]] result<void> go_back(const caller& who, deployment& d, const json& args,
                                     const hosted_ptr& before) const;
  [[nodiscard]] result<json> steer(const caller& who, const std::string& verb, const json& args);
  [[nodiscard]] result<json> serve_peers(const caller& who, const std::string& verb, const json& args);
  [[nodiscard]] json list_peers() const;
  [[nodiscard]] result<json> learn(const std::string& told_by, const json& args);
  [[nodiscard]] result<json> add_peers(const json& args);
  [[nodiscard]] result<json> remove_peer(const json& args);
  [[nodiscard]] result<json> invite(const json& args);
  [[nodiscard]] result<json> invite_person(const json& args);
  [[nodiscard]] result<json> accept_key(const caller& who, const json& args);
  [[nodiscard]] result<json> make_token(const json& args, std::optional<key_offer> offer);
  [[nodiscard]] result<json> join(const caller& who, const json& args);
  void tell_peers();
  /// The topology that the argument `topology` names; left out: the only one.
  [[nodiscard]] result<hosted_ptr> chosen(const caller& who, const json& args) const;

  const node_options options_;
  const deployment_store store_;
  const savepoint_shelf shelf_{store_.folder()};
  const std::shared_ptr<engine::retained_budget> retained_ =
      std::make_shared<engine::retained_budget>(runtime::retained_total_bytes_max);  // of all its runs together
  door_trial trial_;
  gatekeeper gate_;
  std::atomic<std::uint64_t> strangers_{0};  // at the port for other nodes
  mutable std::mutex mutex_;
  std::map<std::string, hosted_ptr> hosted_;
  std::map<std::string, hosted_ptr> removed_;  // until their runs have ended
  std::string listening_at_;                   // tcp; empty: nowhere
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<transport::control_server> server_;
  std::unique_ptr<metrics_server> metrics_;  // null: nobody asked for it
  std::unique_ptr<alert_watch> alerts_;      // null: no rules
  std::unique_ptr<peer_news> news_;
  std::shared_ptr<link_exchange> links_;  // null: no part in topologies of several nodes
  std::unique_ptr<guest_keeper> guests_;  // with it
};

}  // namespace millrace::node
