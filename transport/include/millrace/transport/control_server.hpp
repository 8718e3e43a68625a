#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::transport {

/// Who sent a request.
struct control_caller {
  /// Id of the key that the connection was made with. Empty: a local socket, whose folder is its protection.
  std::string key{};

  [[nodiscard]] bool is_local() const noexcept { return key.empty(); }
  friend auto operator<=>(const control_caller&, const control_caller&) = default;
};

/// What a control server offers. The functions run on the control thread, one at a time: they answer from what is at
/// hand and hand long work to somebody else, since every client waits meanwhile. What they throw becomes an error
/// answer.
struct control_service {
  /// Answers one request. `not_found` for a verb it does not know, `denied` for one that the caller may not use.
  std::function<result<nlohmann::json>(const control_caller& who, const std::string& verb, const nlohmann::json& args)>
      on_request{};
  /// The present state of a topic as this caller may see it, asked once for all of its subscriptions that are due
  /// together. `choice`: the arguments of `subscribe` beyond topic and interval, which say what of it is wanted. The
  /// error `denied` ends the session.
  std::function<result<nlohmann::json>(const control_caller& who, const std::string& topic,
                                       const nlohmann::json& choice)>
      on_topic{};
  /// Whether a caller may still begin a session: keys end while connections live. Its answer is not sent. May be left
  /// out.
  std::function<result<nlohmann::json>(const control_caller& who)> on_hello{};
  /// A request that was not even looked at: bytes that are none, one without a session, or with another's, one that
  /// comes a second time and is not the first, or one too many. May be left out.
  std::function<void(const control_caller& who, const std::string& verb)> on_refused{};
  /// Topics that can be subscribed to.
  std::vector<std::string> topics{"telemetry"};
};

/// How a control server listens to other machines: with CURVE, and to known keys alone.
struct remote_access {
  std::string address{};  ///< tcp://HOST:PORT; port `*`: a free one
  curve_keys keys{};      ///< the server's own
  /// The id of a known public key (Z85); nothing: refused. Asked for each new connection, on the control thread.
  std::function<std::optional<std::string>(const std::string& public_key)> find_key{};
};

/// Lets other programs of this user ask a node, command it, and watch its telemetry (protocol: control_protocol.hpp).
///
/// A ZeroMQ ROUTER on an ipc socket in a folder of mode 0700; the folder is the protection. Where it is wanted, another
/// one on tcp, for clients with a known key. At most 64 clients (48 of other machines, 16 with one key) with 16
/// subscriptions each and messages of 1 MiB; a message that is larger ends its connection. A connection that is not
/// authenticated after 2 s is closed. A key may make 500 requests a second (1,000 at once), the user of this machine
/// 5,000 (10,000); what comes faster is answered with `limit_exceeded` and not looked at. A client that does not read misses telemetry, never holds others up; one that has
/// gone is forgotten. A request that may have waited longer than its deadline is refused, never executed late. Destroy
/// the server before its context. Thread: owner; service: its own thread.
class control_server {
public:
  /// Listens on `address` (`ipc://` and an absolute path). A socket file that a dead process left is replaced.
  ///
  /// Errors: those of `path_of_address` and `claim_socket_path`, `io_error` when ZeroMQ cannot listen, and
  /// `invalid_argument` for an address or keys of `remote` that are none. One server with remote access a context.
  [[nodiscard]] static result<std::unique_ptr<control_server>> start(zmq_context& context, const std::string& address,
                                                                     control_service service,
                                                                     std::optional<remote_access> remote = {});
  ~control_server();
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;

  [[nodiscard]] const std::string& address() const noexcept;
  /// Where it listens to other machines, with the port; empty: it does not.
  [[nodiscard]] std::string remote_address() const;

  /// How often its thread has looked for requests: more each second while it is well. Thread: any.
  [[nodiscard]] std::uint64_t turns() const noexcept;

  /// A key has ended, and connections made with it live on, though nothing is answered there. When they leave no room
  /// for another machine, all are ended: keys are asked for anew, and sessions gone on with. Thread: any.
  void has_stale_connections();

  /// Ends the thread after the request in hand, closes the socket and removes its file. Idempotent.
  void stop();

private:
  class loop;
  explicit control_server(std::unique_ptr<loop> running);

  std::unique_ptr<loop> loop_;
};

}  // namespace millrace::transport
