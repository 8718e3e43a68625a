#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/control_protocol.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::transport {

/// What a client needs to reach a server on another machine.
struct remote_keys {
  std::string server_public{};  ///< the server's key: nobody else can pose as it
  curve_keys own{};             ///< known to the server
};

/// Asks, commands and watches a process that runs a control server. One request at a time; events that arrive meanwhile
/// are kept, the newest 256. When its connection is cut, it connects again and goes on: a request under way is sent
/// again and done once, subscriptions stay. Destroy it before its context. Thread: one at a time.
class control_client {
public:
  /// Connects and makes sure that a server of this protocol answers. `address`: ipc:// and a path, or tcp://HOST:PORT,
  /// which needs keys.
  ///
  /// Errors: `not_found` when there is no socket at the path, `timeout` when nobody answers (on tcp also when the
  /// server does not know the key, or is another one: it does not say), and those of `path_of_address`.
  [[nodiscard]] static result<std::unique_ptr<control_client>> connect(zmq_context& context, const std::string& address,
                                                                       std::chrono::milliseconds timeout,
                                                                       const std::optional<remote_keys>& keys = {});
  ~control_client();
  control_client(const control_client&) = delete;
  control_client& operator=(const control_client&) = delete;

  /// Sends a request and waits for its answer. The server's errors come back as they are.
  ///
  /// `timeout` (retryable) when there is no answer by then: the server does not start on the request any more, but it
  /// may have been executing it. `limit_exceeded` when the arguments are larger than a message may be.
  [[nodiscard]] result<nlohmann::json> call(const std::string& verb, const nlohmann::json& args,
                                            std::chrono::milliseconds deadline);

  /// Subscribes to a topic; the states come by `next_event` or `newest_event`. `choice`: what of the topic is wanted,
  /// as its owner knows it. Returns the subscription's id.
  [[nodiscard]] result<std::uint64_t> subscribe(const std::string& topic, std::chrono::milliseconds interval,
                                                std::chrono::milliseconds deadline,
                                                const nlohmann::json& choice = nlohmann::json::object());
  [[nodiscard]] result<void> unsubscribe(std::uint64_t subscription, std::chrono::milliseconds deadline);

  /// The oldest event not yet taken; waits for one. `timeout` when none came.
  [[nodiscard]] result<control_event> next_event(std::chrono::milliseconds timeout);
  /// The newest event of a subscription, when none has come by now the next one; those before it are counted in its
  /// `skipped`. Events of other subscriptions are kept. `timeout` when none came.
  [[nodiscard]] result<control_event> newest_event(std::uint64_t subscription, std::chrono::milliseconds timeout);

private:
  using clock = std::chrono::steady_clock;
  struct connection;
  struct reconnected {};
  using arrival = std::variant<reconnected, control_message>;
  /// A subscription: `id` as the caller knows it, `id_there` as the server does, which may have begun anew since.
  struct wish {
    std::string topic;
    nlohmann::json choice;
    std::chrono::milliseconds interval;
    std::uint64_t id;
    std::uint64_t id_there;
  };
  explicit control_client(std::unique_ptr<connection> connected);

  [[nodiscard]] result<void> begin_session(clock::time_point until);
  [[nodiscard]] result<nlohmann::json> exchange(const std::string& verb, const nlohmann::json& args,
                                                clock::time_point until);
  [[nodiscard]] static nlohmann::json arguments_of(const wish& s);
  [[nodiscard]] result<void> take_in(clock::time_point until);
  [[nodiscard]] result<std::uint64_t> ask_for(const wish& s, clock::time_point until);
  [[nodiscard]] result<nlohmann::json> unsubscribe(const nlohmann::json& args, clock::time_point until);
  [[nodiscard]] bool send(clock::time_point deadline);
  [[nodiscard]] bool was_connected();
  [[nodiscard]] result<arrival> receive(clock::time_point deadline);
  void keep(control_event event);

  std::unique_ptr<connection> connection_;
  std::deque<control_event> events_;
  byte_buffer outgoing_;
  std::vector<wish> subscriptions_;
  std::string session_;
  std::uint64_t last_id_ = 0;
  bool is_up_ = false;        // as far as is known
  bool is_repeated_ = false;  // the request in hand was sent on two connections
};

}  // namespace millrace::transport
