#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "millrace/context.hpp"
#include "server.hpp"

namespace millrace::mqtt {

/// Publishes messages until the server has acknowledged each (QoS 1).
///
/// What is not acknowledged is kept, at most a set number of messages, and published again over the next connection
/// when this one is lost, in its order: nothing is lost, and some messages may arrive twice. Thread: one owner, which
/// waits.
class publisher {
public:
  publisher() = default;
  publisher(address at, std::string id, std::size_t in_flight_max, std::chrono::seconds retry)
      : at_{std::move(at)}, id_{std::move(id)}, in_flight_max_{in_flight_max}, retry_{retry} {}
  publisher(publisher&&) = delete;

  /// Waits while too many are on their way. Errors: the server refuses, was away or said nothing for longer than
  /// `retry`, or the message is too large; it is not taken then.
  [[nodiscard]] result<void> publish(context& c, std::string topic, std::string payload, bool retain);
  /// Waits until all are acknowledged. Errors as above.
  [[nodiscard]] result<void> finish(context& c);
  /// Forgets what is not acknowledged.
  void close() noexcept;

private:
  struct message {
    std::string topic;
    std::string payload;
    bool retain = false;
    int number = 0;  ///< 0: not on its way over this connection
  };
  [[nodiscard]] result<void> wait_until(context& c, std::size_t left_max);
  [[nodiscard]] result<void> open();
  [[nodiscard]] result<void> send_waiting();
  [[nodiscard]] result<void> turn(std::chrono::milliseconds limit);
  [[nodiscard]] error lost(int code);

  static void on_connect(mosquitto*, void* self, int code);
  static void on_publish(mosquitto*, void* self, int number);
  static void on_log(mosquitto*, void* self, int level, const char* text);

  address at_;
  std::string id_;
  std::size_t in_flight_max_ = 1;
  std::chrono::seconds retry_{};
  client client_;
  std::optional<int> answer_;  ///< to CONNECT
  std::deque<message> unacknowledged_;
  std::set<int> early_;  ///< acknowledged, but not the oldest
  backoff backoff_;
  std::string last_error_;  ///< what the library said beside its code
};

}  // namespace millrace::mqtt
