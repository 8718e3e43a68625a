#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/control_server.hpp"

namespace millrace::transport {

/// A topic one client wants to hear about at an interval.
struct subscription {
  std::uint64_t id = 0;
  std::string topic{};
  std::chrono::milliseconds interval{};
  std::chrono::steady_clock::time_point due{};
  std::uint64_t skipped = 0;  ///< states since the last one that could be sent
};

/// A client: who it is, and what it wants to hear.
struct control_session {
  control_caller who{};
  std::vector<subscription> subscriptions{};
  std::deque<std::string> unsent{};  ///< answers for which there was no room yet, oldest first
  std::size_t unsent_bytes = 0;
};

/// Who talks to a control server and what they subscribed to: pure bookkeeping and its limits.
///
/// Clients are known by ZeroMQ's routing id. Time is handed in. Thread: control thread.
class control_sessions {
public:
  using clock = std::chrono::steady_clock;
  using table = std::map<std::string, control_session>;

  static constexpr std::size_t sessions_max = 64;
  static constexpr std::size_t subscriptions_max = 16;
  static constexpr std::size_t unsent_max = 32;
  static constexpr std::size_t unsent_bytes_max = std::size_t{4} << 20U;
  static constexpr std::chrono::milliseconds interval_min{20};
  static constexpr std::chrono::milliseconds interval_max{60'000};

  [[nodiscard]] bool contains(const std::string& client) const { return sessions_.contains(client); }
  [[nodiscard]] bool is_full() const noexcept { return sessions_.size() >= sessions_max; }
  [[nodiscard]] table& all() noexcept { return sessions_; }

  /// Opens a session; there must be room.
  void open(const std::string& client, control_caller who) { sessions_.try_emplace(client, std::move(who)); }
  void close(const std::string& client) { sessions_.erase(client); }

  /// Due at once, then every `interval`. Returns the subscription's id. The client's session must be open.
  [[nodiscard]] result<std::uint64_t> subscribe(const std::string& client, std::string topic,
                                                std::chrono::milliseconds interval, clock::time_point now);
  /// `not_found` when this client has no such subscription.
  [[nodiscard]] result<void> unsubscribe(const std::string& client, std::uint64_t id);

  /// Keeps an answer until the client has room for it. False: it leaves too many unread, and misses this one.
  [[nodiscard]] static bool keep(control_session& session, bytes_view answer);

  /// When the next subscription is due; nothing while there are none.
  [[nodiscard]] std::optional<clock::time_point> next_due() const;

  /// Moves a subscription on to its next turn after `now`. Turns missed while the server was busy are left out.
  static void advance(subscription& s, clock::time_point now) noexcept;

private:
  table sessions_;
  std::uint64_t last_id_ = 0;
};

}  // namespace millrace::transport
