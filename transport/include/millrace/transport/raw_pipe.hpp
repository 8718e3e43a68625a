#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"

namespace millrace::transport {

/// What ZeroMQ alone does over tcp on loopback: PUSH to PULL, without anything that makes a link of it. The yardstick
/// of `millrace bench links`, and nothing else.
///
/// Each end has a context of its own, as two processes would. Messages are sent without being copied.
class raw_pipe {
public:
  /// With keys: CURVE on both sides; nobody is asked who may connect.
  [[nodiscard]] static result<std::unique_ptr<raw_pipe>> open(const std::optional<curve_keys>& keys);
  ~raw_pipe();
  raw_pipe(const raw_pipe&) = delete;
  raw_pipe& operator=(const raw_pipe&) = delete;

  /// Waits for room. False: it was closed. Thread: sender.
  [[nodiscard]] bool send(byte_buffer message);
  /// The next message; good until the next call. Empty: it was closed. Thread: receiver.
  [[nodiscard]] bytes_view receive();
  /// Ends all calls within 100 ms. Thread: any.
  void close() noexcept { is_closed_.store(true, std::memory_order_relaxed); }

private:
  struct sockets;
  explicit raw_pipe(std::unique_ptr<sockets> s);

  std::unique_ptr<sockets> sockets_;
  std::atomic<bool> is_closed_{false};
};

}  // namespace millrace::transport
