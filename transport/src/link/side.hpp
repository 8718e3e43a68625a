#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "link/outbox.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::transport::link {

/// What is known of a peer outside the hub's thread: ends of channels hold it, also after the hub has gone.
struct side {
  side(const link_peer& peer, std::shared_ptr<waker> hub, const link_limits& limits)
      : name{peer.name}, public_key{peer.server_key}, out{std::move(hub), limits} {}

  const std::string name;
  const std::string public_key;
  outbox out;
  /// Set by `remove_peer`, at once: nothing of it is handled any more.
  std::atomic<bool> is_removed{false};

  [[nodiscard]] link_statistics figures() const {
    const std::lock_guard lock{mutex_};
    auto copy = figures_;
    copy.bytes_queued = out.bytes();
    return copy;
  }
  /// Thread: hub, once a turn.
  void publish(const link_statistics& figures) {
    const std::lock_guard lock{mutex_};
    figures_ = figures;
  }

private:
  mutable std::mutex mutex_;
  link_statistics figures_;
};

}  // namespace millrace::transport::link
