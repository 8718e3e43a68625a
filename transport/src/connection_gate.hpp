#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::transport {

/// Stands before a ZeroMQ socket and bounds who gets as far as it: ZeroMQ accepts as many connections as there are
/// descriptors, and closing its port would end the good ones, too.
///
/// Listens on tcp and hands each connection's bytes on to the socket behind, which listens on an abstract unix address
/// that only this process may connect to. A connection is pending until the server's READY of CURVE went by. Of pending
/// ones there are at most 32: one more ends the oldest, so that strangers who say nothing shut nobody out for longer
/// than a handshake takes. They have 2 s and 4 KiB. Of those that are through there are at most 64. Thread: its own.
class connection_gate {
public:
  static constexpr std::size_t pending_max = 32;
  static constexpr std::size_t open_max = 64;
  static constexpr std::chrono::milliseconds pending_time_max{2000};
  static constexpr std::size_t pending_bytes_max = 4096;

  /// An address for the socket behind: `ipc://@…`, another one for each call.
  [[nodiscard]] static std::string inner_address();
  /// Listens at `address` (tcp://HOST:PORT; host `*`: all; port `*` or 0: a free one) for the socket at `inner`.
  /// Errors: `invalid_argument` for an address that is none of this machine's, `io_error` when it is taken.
  [[nodiscard]] static result<std::unique_ptr<connection_gate>> open(const std::string& address, std::string inner);
  ~connection_gate();
  connection_gate(const connection_gate&) = delete;
  connection_gate& operator=(const connection_gate&) = delete;

  /// tcp://HOST:PORT with the port that was taken.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  /// Some that are through would not be let in now. When there is no room for one more, all are ended, once: those who
  /// may come again do. Thread: any.
  void has_stale_connections() noexcept { has_stale_ = true; }
  /// How many pending connections were ended since the start, by time, bytes or number.
  [[nodiscard]] std::uint64_t turned_away() const noexcept { return turned_away_; }

private:
  class passage;
  connection_gate(int listener, std::string address, std::string inner);
  void run();
  void accept_all();
  void make_room();
  [[nodiscard]] bool is_over(passage& p);

  const int listener_;
  const int wake_;
  const std::string address_;
  const std::string inner_;
  std::vector<std::unique_ptr<passage>> passages_;  // oldest first; own thread
  std::atomic<std::uint64_t> turned_away_{0};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_stale_{false};
  std::thread thread_;
};

}  // namespace millrace::transport
