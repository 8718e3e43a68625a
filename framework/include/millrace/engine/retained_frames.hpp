#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "millrace/engine/frame.hpp"

namespace millrace::engine {

/// What one lane has sent since the oldest snapshot its receiver may have to be rebuilt from.
///
/// Holds references to immutable batches, so it costs memory rather than work. Bounded: beyond `bytes_max` everything
/// is let go, and the receiver cannot be rebuilt alone until a snapshot has begun and is complete. Thread: owning task.
class retained_frames {
public:
  struct entry {
    frame what;
    std::uint64_t bytes = 0;  ///< of credit; 0: it needs none
  };
  explicit retained_frames(std::uint64_t bytes_max) : bytes_max_{bytes_max} {}

  /// The lane stands at the barrier of `epoch`.
  void mark(epoch_id epoch);
  void keep(const frame& f, std::uint64_t bytes);
  /// `epoch` is complete: nothing before its barrier is needed.
  void forget_before(epoch_id epoch);
  /// All that was sent behind the barrier of `epoch` is here.
  [[nodiscard]] bool covers(epoch_id epoch) const;
  /// Those sent behind that barrier, oldest first.
  void for_each_since(epoch_id epoch, const std::function<void(const entry&)>& visit) const;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
  struct marker {
    epoch_id epoch;
    std::uint64_t at = 0;  ///< number of the first entry behind it
  };
  void let_go();

  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::uint64_t first_ = 0;  ///< number of the oldest entry
  std::deque<entry> entries_;
  std::deque<marker> markers_;
  bool is_keeping_ = false;  ///< some marker is there
};

}  // namespace millrace::engine
