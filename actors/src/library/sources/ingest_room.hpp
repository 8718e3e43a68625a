#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "library/net/http_server.hpp"
#include "library/net/idempotency_keys.hpp"
#include "library/sources/ingest_body.hpp"

namespace millrace::library {

/// A request whose events are to be stored.
struct ingest_request {
  parsed_body body;
  std::size_t bytes = 0;
  std::optional<text_digest> key{};
  std::uint64_t body_digest = 0;
  std::vector<http_reply> waiting{};  ///< its client, and those that sent it again meanwhile
  std::chrono::steady_clock::time_point expires{};

  [[nodiscard]] std::uint32_t stored() const noexcept { return body.events->size(); }
  [[nodiscard]] std::uint32_t rejected() const noexcept { return static_cast<std::uint32_t>(body.malformed.size()); }
};

/// Where requests wait between the server's thread, which checked them, and the producer, which stores them; and the
/// memory of what was stored under which key.
///
/// A request is in one of three places: waiting here, taken by the producer until it is durable, or, when it has a key,
/// among the keys. Under one key only one is ever on its way: whoever sends it again is answered with it.
/// Thread: any.
class ingest_room {
public:
  struct limits {
    std::size_t events = 0;  ///< waiting and on their way
    std::size_t bytes = 0;
    std::size_t keys = 0;
    std::chrono::nanoseconds key_age{};
    std::chrono::milliseconds wait{};  ///< a request not taken by then is given up
  };
  explicit ingest_room(const limits& l) : limits_{l}, keys_{l.keys, l.key_age} {}

  // The server's thread.

  enum class repeat : unsigned char { fresh, answered, joined, other_body, too_many };
  struct looked_up {
    repeat what = repeat::fresh;
    kept_answer answer{};  ///< with `answered`
  };
  /// Whether a request came before. `joined`: it is on its way, and `reply` is told what becomes of it.
  [[nodiscard]] looked_up look_up(const text_digest& key, std::uint64_t body_digest, const http_reply& reply);
  [[nodiscard]] bool is_full() const;
  /// Takes a request with its client's reply. False: there is no room.
  [[nodiscard]] bool offer(std::unique_ptr<ingest_request> request, const http_reply& reply);

  // The producer's thread.

  /// Waits at most so long for requests, then takes what there is up to the limits, at least one. Those that waited too
  /// long are told so and left out.
  [[nodiscard]] std::vector<std::unique_ptr<ingest_request>> take(std::size_t events_max, std::size_t bytes_max,
                                                                  std::chrono::milliseconds wait);
  /// What was taken is in the log under its key, as soon as the log is written; known to clients when it is settled.
  void remember(const ingest_request& taken, processing_time now);
  /// It is durable: gone from here. Its `waiting` are complete now.
  void settle(ingest_request& taken);
  void encode_keys(msgpack::writer& out) const;
  [[nodiscard]] bool decode_keys(msgpack::reader& in);

  struct level {
    std::size_t requests = 0;
    std::size_t events = 0;
    std::size_t bytes = 0;
  };
  /// What waits or is on its way.
  [[nodiscard]] level now() const;

private:
  [[nodiscard]] bool is_full_locked() const noexcept;
  void leave(ingest_request& r);

  limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::unique_ptr<ingest_request>> waiting_;
  std::map<text_digest, ingest_request*> on_their_way_;  // by key, waiting or taken
  level level_;
  idempotency_keys keys_;
};

}  // namespace millrace::library
