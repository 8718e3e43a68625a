#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "millrace/engine/frame_queue.hpp"

namespace millrace::engine {

/// What one lane has sent since the oldest snapshot its receiver may have to be rebuilt from.
///
/// Holds references to immutable batches, so it costs memory rather than work. Bounded: what memory has no room for
/// goes to the disk; where that takes no more either, everything is let go, and the receiver cannot be rebuilt without
/// its sender until a snapshot has begun and is complete. Thread: owning task.
class retained_frames {
public:
  explicit retained_frames(retention may) : may_{std::move(may)}, entries_{may_, frame_queue::urgency::spare} {}
  retained_frames(const retained_frames&) = delete;
  retained_frames& operator=(const retained_frames&) = delete;

  /// The lane stands at the barrier of `epoch`.
  void mark(epoch_id epoch);
  void keep(frame&& f);
  /// The same of a frame that the disk has already.
  void keep(const frame_queue::place& p);
  /// `epoch` is complete: nothing before its barrier is needed.
  void forget_before(epoch_id epoch);
  /// All that was sent behind the barrier of `epoch` is here.
  [[nodiscard]] bool covers(epoch_id epoch) const;
  /// Gives back what was sent behind that barrier, oldest first, to be sent and kept once more. Later barriers were
  /// those of epochs that came to nothing.
  [[nodiscard]] frame_queue take_since(epoch_id epoch);
  /// All lanes together have as much in memory as they may.
  [[nodiscard]] bool is_crowded() const noexcept { return may_.all != nullptr && may_.all->is_used_up(); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return entries_.memory_bytes(); }
  [[nodiscard]] const retention& may() const noexcept { return may_; }
  /// Why it let go, the last time that it did.
  [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }

private:
  struct marker {
    epoch_id epoch;
    std::uint64_t at = 0;  ///< number of the first entry behind it
  };
  void let_go();

  retention may_;
  std::uint64_t first_ = 0;  ///< number of the oldest entry
  frame_queue entries_;
  std::deque<marker> markers_;
  bool is_keeping_ = false;  ///< some marker is there
  std::string why_not_;
};

}  // namespace millrace::engine
