#pragma once

#include <cstddef>
#include <vector>

#include "millrace/ids.hpp"

namespace millrace::engine {

/// Decides when a task's inputs stand at the same snapshot barrier.
///
/// The problem: a snapshot must contain the effect of exactly the events before the barrier on every input, or recovery
/// loses or repeats some. A channel that delivered barrier n is held until all others delivered it (Carbone et al.,
/// Lightweight asynchronous snapshots for distributed dataflows, 2015). A barrier of a later epoch means that the one
/// waited for was given up. Pure. Thread: owning task.
class barrier_aligner {
public:
  enum class verdict { hold, aligned, stale };

  explicit barrier_aligner(std::size_t channels) : held_(channels, false) {}

  /// `aligned`: take the snapshot and forward the barrier; all channels are free again.
  verdict on_barrier(std::size_t channel, epoch_id epoch) {
    if (epoch <= done_) return verdict::stale;
    if (epoch < waiting_for_) return verdict::stale;
    if (epoch > waiting_for_) start(epoch);
    if (!held_[channel]) {
      held_[channel] = true;
      ++arrived_;
    }
    if (arrived_ < held_.size()) return verdict::hold;
    done_ = epoch;
    release();
    return verdict::aligned;
  }
  /// The barrier waited for will not come everywhere: its epoch came to nothing.
  void give_up() { release(); }
  /// True while the channel must not be read.
  [[nodiscard]] bool is_held(std::size_t channel) const noexcept { return held_[channel]; }
  [[nodiscard]] bool is_aligning() const noexcept { return arrived_ != 0; }

private:
  void start(epoch_id epoch) {
    release();
    waiting_for_ = epoch;
  }
  void release() {
    held_.assign(held_.size(), false);
    arrived_ = 0;
  }

  std::vector<bool> held_;
  std::size_t arrived_ = 0;
  epoch_id waiting_for_{};
  epoch_id done_{};
};

}  // namespace millrace::engine
