#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server.hpp"

namespace millrace::mqtt {

/// A message as it came. `number` 0: one without acknowledgement (QoS 0).
struct message {
  std::string topic;
  std::string payload;
  std::uint16_t number = 0;
  bool is_again = false;  ///< the server sent it before
};

/// A session at a server that is kept there while this side is away, and whose acknowledgements leave when its owner
/// says so.
///
/// libmosquitto acknowledges by itself, but in its threaded mode it only queues what it has to say until
/// `mosquitto_loop_write`. So nothing is written between `receive` and `acknowledge`, and a message that was received
/// and not acknowledged is the server's to send again. As a server sends only so many messages ahead of their
/// acknowledgements, that bounds what waits here, too. Thread: one owner.
class session {
public:
  session() = default;
  /// `subscribed`: what the session at the server is known to have.
  session(address at, std::string id, std::vector<std::string> filters, std::vector<std::string> subscribed, int qos)
      : at_{std::move(at)},
        id_{std::move(id)},
        filters_{std::move(filters)},
        subscribed_{std::move(subscribed)},
        qos_{qos} {}
  session(session&&) = delete;

  /// Connects unless it is connected; returns when the server has answered, at most some seconds later. Errors:
  /// retryable when the server is away; else it refuses.
  [[nodiscard]] result<void> open();
  [[nodiscard]] bool is_open() const noexcept { return client_ != nullptr; }
  /// Without a word: what was not acknowledged is sent again.
  void close() noexcept { client_.reset(); }
  /// The server still had the session when `open` connected: it goes on with the numbers of its messages.
  [[nodiscard]] bool was_kept() const noexcept { return was_kept_; }

  /// The filters whose subscriptions the server has granted.
  [[nodiscard]] const std::vector<std::string>& subscribed() const noexcept { return subscribed_; }

  /// What has come, at most `max` messages or somewhat over `bytes_max` bytes; does not wait. Errors: the connection is
  /// gone (retryable), or a subscription is not granted; the session is closed.
  [[nodiscard]] result<std::vector<message>> receive(std::size_t max, std::size_t bytes_max);
  /// Acknowledges all that was received. When it gets lost, the server sends the messages again.
  void acknowledge();

private:
  [[nodiscard]] result<void> connect();
  [[nodiscard]] result<void> subscribe();
  [[nodiscard]] result<void> wait_for_answer();
  [[nodiscard]] result<void> write_all();
  [[nodiscard]] result<void> check_grants();
  [[nodiscard]] error lost(int code);

  static void on_connect(mosquitto*, void* self, int code, int flags);
  static void on_subscribe(mosquitto*, void* self, int, int count, const int* granted);
  static void on_log(mosquitto*, void* self, int, const char* text);
  static void on_message(mosquitto*, void* self, const mosquitto_message* m);

  address at_;
  std::string id_;
  std::vector<std::string> filters_;
  std::vector<std::string> subscribed_;
  int qos_ = 1;
  client client_;
  std::optional<int> answer_;  ///< to CONNECT
  bool was_kept_ = false;
  std::vector<std::string> asked_for_;  ///< subscriptions under way
  std::vector<int> granted_;
  bool comes_again_ = false;  ///< the message that is read now
  std::string last_error_;    ///< what the library said beside its code
  std::vector<message> inbox_;
  std::size_t inbox_bytes_ = 0;
};

}  // namespace millrace::mqtt
