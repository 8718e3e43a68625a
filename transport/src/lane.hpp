#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "millrace/engine/channel.hpp"

namespace millrace::transport {

/// One direction of an in-process channel, beside its socket: tells the taking end whether there is anything to take.
///
/// Asking a ZeroMQ socket that is empty costs a system call, a thousand times more often than there is a message. So
/// the giving end counts what it has sent, and the taking end compares that with what it has taken.
///
/// No wake-up is lost: the giver stores `sent`, then exchanges `rung`; the taker clears `rung`, then loads `sent`
/// again. All four are sequentially consistent, so either the taker sees the new count or the giver sees the cleared
/// flag.
class lane {
public:
  /// Giving end, after the socket has the message.
  void announce(engine::doorbell* bell) noexcept {
    sent_.store(sent_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    if (!rung_.exchange(true, std::memory_order_seq_cst) && bell != nullptr) {
      bell->ring();
    }
  }

  /// Taking end: whether more than `taken` messages were sent. When not, the next `announce` rings.
  [[nodiscard]] bool has_more_than(std::uint64_t taken) noexcept {
    if (sent_.load(std::memory_order_acquire) != taken) {
      return true;
    }
    if (!rung_.load(std::memory_order_relaxed)) {
      return false;
    }
    rung_.store(false, std::memory_order_seq_cst);
    return sent_.load(std::memory_order_seq_cst) != taken;
  }

private:
  alignas(64) std::atomic<std::uint64_t> sent_{0};
  std::atomic<bool> rung_{false};
};

/// What both ends of a channel share.
struct lanes {
  lane frames;
  lane credits;
};

}  // namespace millrace::transport
