#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "library/net/http_message.hpp"
#include "library/net/listen_address.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// What clients may take of a server. Each is a hard limit.
struct http_limits {
  unsigned connections = 100;  ///< more wait in the system's queue
  std::size_t body_bytes = std::size_t{1} << 20;
  std::size_t buffer_bytes = std::size_t{32} << 20;  ///< bodies of all requests being received
  std::chrono::milliseconds idle{30'000};            ///< a connection without a request, or with half a head
  std::chrono::milliseconds body{10'000};            ///< from the end of the head to the end of the body
  std::chrono::milliseconds answer{30'000};          ///< until whoever has the request answers
};

namespace detail {
struct http_mailbox;
class http_loop;
}  // namespace detail

/// The way back to a client that waits. Copies answer the same request; the first answer counts, and one for a client
/// that is gone is forgotten. Thread: any; good beyond the server's end.
class http_reply {
public:
  http_reply() = default;
  http_reply(std::shared_ptr<detail::http_mailbox> to, std::uint64_t id) : to_{std::move(to)}, id_{id} {}
  void send(http_answer answer) const;

private:
  std::shared_ptr<detail::http_mailbox> to_;
  std::uint64_t id_ = 0;
};

/// What a server serves. Thread: the server's own; nothing here may wait.
class http_service {
public:
  virtual ~http_service() = default;
  /// An answer refuses the request before its body is kept; nothing: go on.
  [[nodiscard]] virtual std::optional<http_answer> on_head(const http_head& head) = 0;
  /// A complete request. An answer at once, or nothing and `later` has it, within `http_limits::answer`.
  [[nodiscard]] virtual std::optional<http_answer> on_request(const http_head& head, std::string body,
                                                              const http_reply& later) = 0;
};

/// A web server with a thread of its own, on libmicrohttpd.
///
/// The problem beyond the library: memory and time that clients can take are bounded. A body too long, too slow or
/// beyond the buffers of all is read to its end without being kept (at most 16 MiB of it), so that the client sees its
/// answer instead of a connection that breaks while it still sends; 413, 408 and 429 it is then. The library cannot
/// answer in the middle of a body, so 408 is written to the socket and the connection ended.
///
/// Life: `start`, `stop` (or the destructor). Thread: owner; `service` is called by the server's thread.
class http_server {
public:
  http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  ~http_server();

  /// Errors: `in_use` (retryable), when another program listens there; `io_error`.
  [[nodiscard]] result<void> start(const listen_address& at, const http_limits& limits, http_service& service);
  /// Clients still waiting are told 503, and get a second to read it. Idempotent.
  void stop() noexcept;
  /// Where it listens, with the port chosen when 0 was asked for.
  [[nodiscard]] const listen_address& address() const noexcept { return address_; }

private:
  std::unique_ptr<detail::http_loop> loop_;
  listen_address address_;
};

}  // namespace millrace::library
