#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "millrace/engine/clock.hpp"
#include "millrace/engine/frame.hpp"

namespace millrace::inspect {

/// A batch that went by, as its receiver took it. Its records are shared with whoever works on them.
struct glimpse {
  channel_id channel{};
  batch_ptr records{};
  sequence first{};         ///< of row 0
  std::uint32_t from = 0;   ///< rows before it had been seen earlier
  std::uint32_t count = 0;  ///< rows there are
  event_time watermark = event_time::min();
};

/// What one client looks at: batches that its channels' receivers took, until the client takes them away.
///
/// Receivers never wait and never decode: they leave a reference to a batch where there is room for it, and count it
/// where there is none. Lives as long as somebody takes something now and then. Thread: any.
class tap {
public:
  static constexpr std::size_t glimpses_max = 256;
  static constexpr std::uint64_t bytes_max = std::uint64_t{4} << 20;

  tap(std::shared_ptr<const engine::clock> time, std::chrono::nanoseconds lease);
  tap(const tap&) = delete;
  tap& operator=(const tap&) = delete;

  /// A receiver takes a batch, of whose records it has seen `skip` before.
  void offer(const engine::frame& taken, std::uint32_t skip);

  struct harvest {
    std::vector<glimpse> kept;  ///< oldest first
    std::uint64_t passed = 0;   ///< events that went by since the last call, kept or not
  };
  /// What came since the last call. Its lease begins anew.
  [[nodiscard]] harvest take();

  /// Nobody took anything for longer than its lease.
  [[nodiscard]] bool is_over() const noexcept { return time_->steady_ns() >= ends_ns(); }
  [[nodiscard]] std::int64_t ends_ns() const noexcept { return ends_ns_.load(std::memory_order_relaxed); }

private:
  const std::shared_ptr<const engine::clock> time_;
  const std::chrono::nanoseconds lease_;
  std::atomic<std::int64_t> ends_ns_;
  std::atomic<std::uint64_t> passed_{0};
  std::atomic<bool> is_full_{false};
  std::mutex mutex_;
  std::vector<glimpse> kept_;
  std::uint64_t bytes_ = 0;
};

}  // namespace millrace::inspect
