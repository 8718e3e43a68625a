#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "millrace/engine/task_stats.hpp"

namespace millrace::engine {

/// What the two ends of a channel tell about it.
///
/// The problem: a task that hangs tells nothing any more, and just then people want to know how old the events are that
/// wait for it. So the ends leave sequences and the stamps of what is on its way, and the reader works out ages by its
/// own clock. Sequences are the channel's, times those of the steady clock in nanoseconds. One object an incarnation,
/// shared by both ends. Thread: `on_…` the task that owns the end named, the rest any.
class channel_stats {
public:
  /// Batches whose stamps are kept. More than a window of credit (16), so what is forgotten has been dealt with.
  static constexpr std::size_t batches_kept = 32;
  static constexpr std::size_t followed_each = 16;

  // The sender's end.
  void on_restored_sender(std::uint64_t next) noexcept { sent_.set(next); }
  void on_credit(std::uint32_t used, std::uint32_t window) noexcept {
    credit_used_.set(used);
    credit_window_.set(window);
  }
  /// True when the time the next batch is sent at is wanted: the first of sixteen is followed through the queue, one at
  /// a time. The line that both ends write for it would go to and fro otherwise.
  [[nodiscard]] bool wants_time() const noexcept {
    return next_stamp_ % followed_each == 0 && followed_.load(std::memory_order_relaxed) == nothing;
  }
  /// `end`: sequence behind the batch's last event. `now`: 0 when it is not wanted.
  void on_sent(std::uint64_t first, std::uint64_t end, std::int64_t ingest_ns, std::int64_t now) noexcept {
    auto& s = stamps_[next_stamp_++ % batches_kept];
    s.end.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    s.ingest_ns.store(ingest_ns, std::memory_order_relaxed);
    s.end.store(end, std::memory_order_release);
    sent_.set(end);
    if (now == 0) return;
    followed_at_.store(now, std::memory_order_relaxed);
    followed_.store(first, std::memory_order_release);
  }

  // The receiver's end.
  void on_restored_receiver(std::uint64_t expected) noexcept {
    taken_.set(expected);
    done_.set(expected);
  }
  /// When the batch that begins at `first` was sent; 0: that was not noted.
  [[nodiscard]] std::int64_t on_taken(std::uint64_t first, std::uint64_t end) noexcept {
    advance(taken_, end);
    const auto followed = followed_.load(std::memory_order_acquire);
    if (followed == nothing || followed > first) return 0;
    const auto at = followed_at_.load(std::memory_order_relaxed);
    followed_.store(nothing, std::memory_order_release);
    return followed == first ? at : 0;
  }
  void on_done(std::uint64_t end) noexcept { advance(done_, end); }
  /// Not read until a barrier has come on the task's other inputs, too; 0: it is read again.
  void on_held(std::int64_t since) noexcept { held_since_.set(since); }

  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.get(); }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_.get(); }
  [[nodiscard]] std::uint64_t done() const noexcept { return done_.get(); }
  [[nodiscard]] std::uint32_t credit_used() const noexcept { return credit_used_.get(); }
  [[nodiscard]] std::uint32_t credit_window() const noexcept { return credit_window_.get(); }
  [[nodiscard]] std::int64_t held_since() const noexcept { return held_since_.get(); }
  /// When the oldest event that is on its way or being handled entered the topology; 0: there is none.
  [[nodiscard]] std::int64_t oldest_unfinished() const noexcept {
    const auto done = done_.get();
    auto oldest = std::numeric_limits<std::int64_t>::max();
    for (const auto& s : stamps_) {
      const auto end = s.end.load(std::memory_order_acquire);
      const auto at = s.ingest_ns.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      const bool is_torn = s.end.load(std::memory_order_relaxed) != end;
      if (end > done && !is_torn && at != 0 && at < oldest) oldest = at;
    }
    return oldest == std::numeric_limits<std::int64_t>::max() ? 0 : oldest;
  }

private:
  // A receiver that hung and was replaced may come back from its call, and is behind.
  static void advance(gauge<std::uint64_t>& to, std::uint64_t end) noexcept {
    if (end > to.get()) to.set(end);
  }

  static constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::size_t cache_line = 64;
  struct stamp {
    std::atomic<std::uint64_t> end{0};  // 0: being written
    std::atomic<std::int64_t> ingest_ns{0};
  };

  // Each end writes to cache lines of its own, but for the one batch that is followed.
  alignas(cache_line) gauge<std::uint64_t> sent_;
  gauge<std::uint32_t> credit_used_;
  gauge<std::uint32_t> credit_window_;
  std::size_t next_stamp_ = 0;
  std::array<stamp, batches_kept> stamps_{};
  alignas(cache_line) gauge<std::uint64_t> taken_;
  gauge<std::uint64_t> done_;
  gauge<std::int64_t> held_since_{};
  alignas(cache_line) std::atomic<std::uint64_t> followed_{nothing};
  std::atomic<std::int64_t> followed_at_{0};
};

}  // namespace millrace::engine
