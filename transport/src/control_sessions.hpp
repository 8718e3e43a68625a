#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/control_protocol.hpp"
#include "millrace/transport/control_server.hpp"

namespace millrace::transport {

/// A topic one client wants to hear about at an interval.
struct subscription {
  std::uint64_t id = 0;
  std::string topic{};
  nlohmann::json choice = nlohmann::json::object();  ///< what of the topic is wanted
  std::chrono::milliseconds interval{};
  std::chrono::steady_clock::time_point due{};
  std::uint64_t skipped = 0;  ///< states since the last one that could be sent
};

/// What a request was answered with, for the client that did not get the answer and asks again.
struct served_request {
  std::uint64_t id = 0;
  std::size_t digest = 0;  ///< of the request's bytes
  std::string answer{};    ///< empty: longer than is kept
};

/// A client: who it is, and what it wants to hear.
struct control_session {
  control_caller who{};
  std::string id{};  ///< made by the server; empty: a local client that did not ask for one
  std::vector<subscription> subscriptions{};
  std::deque<std::string> unsent{};  ///< answers for which there was no room yet, oldest first
  std::size_t unsent_bytes = 0;
  std::uint64_t newest_request = 0;
  std::deque<served_request> served{};
  std::size_t served_bytes = 0;
  /// Its connection was found gone then; it may come back on another.
  std::optional<std::chrono::steady_clock::time_point> gone_since{};
};

/// Who talks to a control server and what they subscribed to: pure bookkeeping and its limits.
///
/// Clients are known by ZeroMQ's routing id, and by the id of their session when their connection was cut. Time is
/// handed in. Thread: control thread.
class control_sessions {
public:
  using clock = std::chrono::steady_clock;
  using table = std::map<std::string, control_session>;

  static constexpr std::size_t sessions_max = 64;
  /// Of these, so that the user of the machine always gets in.
  static constexpr std::size_t remote_sessions_max = 48;
  static constexpr std::size_t sessions_of_key_max = 16;
  static constexpr std::size_t subscriptions_max = 16;
  static constexpr std::size_t choice_bytes_max = 1'024;  ///< as JSON
  static constexpr std::size_t unsent_max = 32;
  static constexpr std::size_t unsent_bytes_max = std::size_t{4} << 20U;
  static constexpr std::size_t served_max = 16;
  static constexpr std::size_t served_bytes_max = std::size_t{64} << 10U;
  static constexpr std::chrono::seconds gone_max{30};
  static constexpr std::chrono::milliseconds interval_min{20};
  static constexpr std::chrono::milliseconds interval_max{60'000};

  [[nodiscard]] bool contains(const std::string& client) const { return sessions_.contains(client); }
  [[nodiscard]] table& all() noexcept { return sessions_; }

  /// Whether one more of this caller fits; `limit_exceeded` says which limit does not let it.
  [[nodiscard]] result<void> room_for(const control_caller& who) const;
  /// Opens a session; there must be room. `id`: empty for a client that can do without.
  void open(const std::string& client, control_caller who, std::string id);
  void close(const std::string& client) { sessions_.erase(client); }
  /// The client's connection is gone. One with an id may come back within 30 s.
  void leave(const std::string& client, clock::time_point now);
  /// Forgets those that did not come back.
  void forget_gone(clock::time_point now);

  /// The session that a request names, now on this connection. Errors: `fenced` when there is no such session (any
  /// more), `denied` when it is somebody else's.
  [[nodiscard]] result<control_session*> resume(const std::string& client, const control_caller& who,
                                                const std::string& id);

  /// What is to be done about a request of a session: serve it (nothing), or send again what it was answered with.
  /// Error (`denied`): its number was used for another request, or so long ago that the answer is not kept.
  [[nodiscard]] static result<const std::string*> check_number(control_session& session, std::uint64_t number,
                                                               bytes_view request);
  /// Remembers the answer to the request that was checked last.
  static void remember(control_session& session, std::uint64_t number, bytes_view request, bytes_view answer);

  /// Due at once, then every `interval`. Returns the subscription's id. The client's session must be open.
  [[nodiscard]] result<std::uint64_t> subscribe(const std::string& client, std::string topic, nlohmann::json choice,
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
