#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "millrace/engine/frame.hpp"
#include "millrace/engine/retained_budget.hpp"

namespace millrace::engine {

/// What a frame takes up in memory while it is kept, whether or not it travels as bytes.
[[nodiscard]] inline std::uint64_t kept_bytes(const frame& f) noexcept {
  return sizeof(frame) + (f.body ? f.body->bytes() : 0);
}

/// What one lane has sent since the oldest snapshot its receiver may have to be rebuilt from.
///
/// Holds references to immutable batches, so it costs memory rather than work. Bounded: beyond `bytes_max`, or what all
/// lanes may have together, everything is let go, and the receiver cannot be rebuilt without its sender until a
/// snapshot has begun and is complete. Thread: owning task.
class retained_frames {
public:
  /// `all`: what it has to share with others, and outlives it; nullptr: nothing.
  explicit retained_frames(std::uint64_t bytes_max, retained_budget* all = nullptr)
      : bytes_max_{bytes_max}, all_{all} {}
  ~retained_frames() {
    let_go();
    waits(0);
  }
  retained_frames(const retained_frames&) = delete;
  retained_frames& operator=(const retained_frames&) = delete;

  /// The lane stands at the barrier of `epoch`.
  void mark(epoch_id epoch);
  void keep(const frame& f);
  /// `epoch` is complete: nothing before its barrier is needed.
  void forget_before(epoch_id epoch);
  /// All that was sent behind the barrier of `epoch` is here.
  [[nodiscard]] bool covers(epoch_id epoch) const;
  /// Gives back what was sent behind that barrier, oldest first, to be sent and kept once more. Later barriers were
  /// those of epochs that came to nothing.
  [[nodiscard]] std::deque<frame> take_since(epoch_id epoch);
  /// So much waits in the lane for a receiver that is away. It is in no limit but the common one.
  void waits(std::uint64_t bytes) noexcept;
  /// All lanes together have as much as they may.
  [[nodiscard]] bool is_crowded() const noexcept { return all_ != nullptr && all_->is_used_up(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t bytes_max() const noexcept { return bytes_max_; }

private:
  struct marker {
    epoch_id epoch;
    std::uint64_t at = 0;  ///< number of the first entry behind it
  };
  void let_go();
  void give_back(std::uint64_t bytes);

  std::uint64_t bytes_max_;
  retained_budget* all_;
  std::uint64_t bytes_ = 0;
  std::uint64_t waiting_ = 0;
  std::uint64_t first_ = 0;  ///< number of the oldest entry
  std::deque<frame> entries_;
  std::deque<marker> markers_;
  bool is_keeping_ = false;  ///< some marker is there
};

}  // namespace millrace::engine
