#pragma once

#include <atomic>

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include "millrace/engine/channel.hpp"
#include "runtime/messages.hpp"

namespace millrace::runtime {

/// Wakes a task's CAF actor with one message, however many frames arrived before it looked.
///
/// The flag goes up with the message and comes down before the task drains its channels, so what arrives during the
/// drain rings again. Bound before the task's peers run; released when it ends, because handles that tasks hold of each
/// other keep all of them alive and CAF's shutdown waiting.
class caf_doorbell final : public engine::doorbell {
public:
  void bind(caf::actor owner) {
    owner_ = std::move(owner);
    is_bound_.store(true, std::memory_order_release);
  }
  /// Thread: owner, in its first message and after each wake-up. An exchange, because it reads what the ringers before
  /// it wrote: what they announced is then seen. After a mere store the owner could still read an older count of
  /// frames.
  void lower() noexcept { is_up_.exchange(false, std::memory_order_seq_cst); }
  void silence() noexcept { is_bound_.store(false, std::memory_order_release); }

  void ring() noexcept override {
    if (is_up_.exchange(true, std::memory_order_seq_cst)) return;
    if (is_bound_.load(std::memory_order_acquire)) caf::anon_send(owner_, run_atom::value);
  }

private:
  std::atomic<bool> is_up_{false};
  std::atomic<bool> is_bound_{false};
  caf::actor owner_;
};

}  // namespace millrace::runtime
