#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::transport {

/// What a control server offers. Both functions run on the control thread, one at a time: they answer from what is at
/// hand and hand long work to somebody else, since every client waits meanwhile. What they throw becomes an error
/// answer.
struct control_service {
  /// Answers one request. `not_found` for a verb it does not know.
  std::function<result<nlohmann::json>(const std::string& verb, const nlohmann::json& args)> on_request{};
  /// The present state of a topic, asked once for all clients that are due together.
  std::function<nlohmann::json(const std::string& topic)> on_topic{};
  /// Topics that can be subscribed to.
  std::vector<std::string> topics{"telemetry"};
};

/// Lets other programs of this user ask a node, command it, and watch its telemetry (protocol: control_protocol.hpp).
///
/// A ZeroMQ ROUTER on an ipc socket in a folder of mode 0700; the folder is the protection. At most 64 clients with 16
/// subscriptions each and messages of 1 MiB; a message that is larger ends its connection. A client that does not read
/// misses telemetry, never holds others up; one that has gone is forgotten. A request that may have waited longer than
/// its deadline is refused, never executed late. Destroy the server before its context. Thread: owner; service: its own
/// thread.
class control_server {
public:
  /// Listens on `address` (`ipc://` and an absolute path). A socket file that a dead process left is replaced.
  ///
  /// Errors: those of `path_of_address` and `claim_socket_path`, `io_error` when ZeroMQ cannot listen.
  [[nodiscard]] static result<std::unique_ptr<control_server>> start(zmq_context& context, const std::string& address,
                                                                     control_service service);
  ~control_server();
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;

  [[nodiscard]] const std::string& address() const noexcept;

  /// Ends the thread after the request in hand, closes the socket and removes its file. Idempotent.
  void stop();

private:
  class loop;
  explicit control_server(std::unique_ptr<loop> running);

  std::unique_ptr<loop> loop_;
};

}  // namespace millrace::transport
