#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/link_hub.hpp"
#include "node/peers/peer_registry.hpp"
#include "runtime/remote/exchange.hpp"

namespace millrace::node {

/// The exchange of a node: links to all peers that take part in topologies of several nodes. Thread: any; `follow`:
/// one.
class link_exchange final : public runtime::exchange {
public:
  struct options {
    std::string name;            ///< this node's
    std::string listen;          ///< tcp://HOST:PORT
    transport::curve_keys keys;  ///< this node's
    bool is_compressed = false;
  };
  /// Errors: those of the hub.
  [[nodiscard]] static result<std::shared_ptr<link_exchange>> open(options o);

  /// Dials the peers that are new or have moved, parts from those that are not there any more; cheap when nothing has
  /// changed. What is wrong with one of them; empty: nothing.
  [[nodiscard]] std::string follow(const peer_registry& peers);
  /// Where it listens, with the port that was taken.
  [[nodiscard]] std::string address() const { return hub_->address(); }
  [[nodiscard]] transport::link_statistics statistics(const std::string& node) const { return hub_->statistics(node); }
  [[nodiscard]] std::vector<std::string> take_strangers() { return hub_->take_strangers(); }

  const std::string& name() const override { return name_; }
  result<void> send(const std::string& node, bytes_view message, urgency how) override;
  bool is_reachable(const std::string& node) const override { return hub_->statistics(node).is_reached; }
  result<std::unique_ptr<engine::channel_sender>> open_sender(const std::string& node,
                                                              transport::topology_instance instance,
                                                              const engine::plan_channel& channel,
                                                              generation incarnation,
                                                              std::shared_ptr<engine::doorbell> bell) override;
  result<std::unique_ptr<engine::channel_receiver>> open_receiver(const std::string& node,
                                                                  transport::topology_instance instance,
                                                                  const engine::plan_channel& channel,
                                                                  generation incarnation,
                                                                  std::shared_ptr<engine::doorbell> bell) override;

private:
  explicit link_exchange(std::string name) : name_{std::move(name)} {}

  std::string name_;
  std::map<std::string, transport::link_peer> dialled_;  // of `follow`
  std::uint64_t revision_ = 0;                           // plus one
  std::unique_ptr<transport::link_hub> hub_;             // last: its thread calls what is above
};

}  // namespace millrace::node
