#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

namespace millrace::transport {

/// What a socket does with messages: take them (`pull`, `sub`) or give them away (`push`, `pub`).
enum class message_pattern { pull, sub, push, pub };

/// An end of ZeroMQ for messages of programs that are not Millrace.
struct message_socket_options {
  message_pattern pattern = message_pattern::pull;
  std::string address{};    ///< `tcp://127.0.0.1:5555`, `ipc:///run/feed`
  bool binds = false;       ///< waits for peers at the address instead of going there
  int messages_max = 1000;  ///< that wait for or from each peer
  /// Of one part of a message. A peer that sends a longer one loses its connection before the part takes memory.
  std::size_t message_bytes_max = std::size_t{1} << 20U;
  std::string topic{};                  ///< `sub`: only messages that begin so
  std::chrono::milliseconds linger{0};  ///< `close` waits so long for messages on their way out
};

/// What came, whole.
struct received_message {
  std::string topic;      ///< the first part of a message of two
  std::string body;       ///< its last part
  std::size_t parts = 1;  ///< more than two: only the first and the last are here
};

/// Sends or takes messages, each bounded in size, and in number by `messages_max` a peer. Peers come and go by
/// themselves: who connects tries again for ever, with pauses that grow from 100 ms to 5 s.
///
/// Nobody proves who they are: whoever reaches the address can send, and the parts of one message are bounded in size
/// but not in number. So it is for this machine and for networks that are trusted.
///
/// It has a ZeroMQ context of its own, that is two threads, so that `close` can wait for its messages and for no
/// other's. Thread: one owner.
class message_socket {
public:
  /// What `open` would say about the address, without opening anything; the message begins with the address.
  [[nodiscard]] static result<void> check(const std::string& address, bool binds);
  /// Errors: `invalid_argument`, `in_use` when somebody listens at the address, `limit_exceeded`, `io_error`.
  [[nodiscard]] static result<message_socket> open(const message_socket_options& options);

  message_socket(message_socket&&) noexcept;
  message_socket& operator=(message_socket&&) noexcept;
  /// Without `close`: what is on its way out is dropped.
  ~message_socket();

  /// Where it is; with `tcp://…:0` the port that was free.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  /// The next message; nothing when none came in time. 0: does not wait. Error: `io_error`.
  [[nodiscard]] result<std::optional<received_message>> receive(std::chrono::milliseconds timeout);

  /// Hands a message over to ZeroMQ. False: in all this time no peer had room; nothing was sent. A `pub` socket always
  /// has room: it drops what a subscriber has no room for. Done does not mean that anybody has it. Error: `io_error`.
  [[nodiscard]] result<bool> send(bytes_view topic, bytes_view body, std::chrono::milliseconds timeout);

  /// Waits until everything is sent, at most `linger`. False: the wait was over first, and what was left is dropped.
  [[nodiscard]] bool close();

private:
  struct state;
  message_socket(std::unique_ptr<state> s, std::string address) noexcept;
  [[nodiscard]] result<bool> send_part(bytes_view part, bool is_last, std::chrono::milliseconds timeout);

  std::unique_ptr<state> state_;
  std::string address_;
};

}  // namespace millrace::transport
