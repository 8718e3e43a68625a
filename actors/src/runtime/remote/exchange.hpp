#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "millrace/bytes.hpp"
#include "millrace/engine/channel.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/error.hpp"
#include "millrace/ids.hpp"
#include "millrace/transport/frame_codec.hpp"

namespace millrace::runtime {

/// Where a node's topologies meet those of other nodes: messages between them, told apart by the run they belong to,
/// and the ends of channels that lead to another node.
///
/// What carries it (links over the network, queues in tests) derives from it. Reliable and in order while both
/// processes live; a process that was started again is another one: `on_lost` comes first, then perhaps messages of the
/// new one. Channels to a node that is lost fall silent and stay so: whoever leads the run makes new ones. Thread: any.
class exchange {
public:
  struct listener {
    /// Called on the carrier's thread, one call at a time: must not block nor call `listen` or `forget`.
    std::function<void(const std::string& node, std::shared_ptr<const byte_buffer> message)> on_message;
    std::function<void(const std::string& node, const std::string& why)> on_lost;
  };

  virtual ~exchange() = default;
  /// The name other nodes know this one by.
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// What is large leaves half of a node's queue to what is urgent.
  enum class urgency : unsigned char { now, bulk };
  /// Does not wait. errc::unavailable: no connection, or no room in the queue: try again; errc::not_found: no such
  /// node.
  [[nodiscard]] virtual result<void> send(const std::string& node, bytes_view message, urgency how = urgency::now) = 0;
  [[nodiscard]] virtual bool is_reachable(const std::string& node) const = 0;
  [[nodiscard]] virtual result<std::unique_ptr<engine::channel_sender>> open_sender(
      const std::string& node, transport::topology_instance instance, const engine::plan_channel& channel,
      generation incarnation, std::shared_ptr<engine::doorbell> bell) = 0;
  [[nodiscard]] virtual result<std::unique_ptr<engine::channel_receiver>> open_receiver(
      const std::string& node, transport::topology_instance instance, const engine::plan_channel& channel,
      generation incarnation, std::shared_ptr<engine::doorbell> bell) = 0;

  /// Who hears of a run. One listener each; messages of runs that nobody listens to go to `strangers`.
  void listen(transport::topology_instance instance, listener l);
  /// When it returns no call to the listener is under way, and none will come.
  void forget(transport::topology_instance instance);
  void listen_to_strangers(listener l);

protected:
  /// A message came in; those that cannot be read are dropped and counted.
  void deliver(const std::string& node, bytes_view message);
  void lose(const std::string& node, const std::string& why);

private:
  std::mutex mutex_;  // held while listeners are called: `forget` waits
  std::map<transport::topology_instance, listener> listeners_;
  listener strangers_;
};

}  // namespace millrace::runtime
