#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/engine/clock.hpp"
#include "millrace/engine/kept_frame.hpp"
#include "millrace/engine/page_spill.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

namespace detail {
class spill_desk;
}

/// Frames that were handed over to be written to the disk: until they are there, memory still has them. The last owner
/// that lets go gives their room back. Thread: any.
class spilled_frames {
public:
  enum class state : std::uint8_t {
    queued,
    stored,
    failed,  ///< memory has them
  };

  spilled_frames(std::shared_ptr<detail::spill_desk> desk, std::vector<kept_frame> frames, std::uint64_t bytes);
  spilled_frames(const spilled_frames&) = delete;
  spilled_frames& operator=(const spilled_frames&) = delete;
  ~spilled_frames();

  [[nodiscard]] state now() const noexcept { return state_.load(std::memory_order_acquire); }
  /// All of them, wherever they are. `stamp` and `type` as of `decode_frames`. Errors: those of the disk;
  /// errc::corrupt.
  [[nodiscard]] result<std::vector<kept_frame>> read(const record_type& type, const frame& stamp) const;
  /// All of them, of a block that has failed: nobody changes them any more.
  [[nodiscard]] const std::vector<kept_frame>& unwritten() const noexcept { return frames_; }

private:
  friend class detail::spill_desk;

  std::shared_ptr<detail::spill_desk> desk_;
  std::atomic<state> state_{state::queued};
  mutable std::mutex mutex_;        // over what is read while it is being stored
  std::vector<kept_frame> frames_;  // until it is stored
  std::uint64_t bytes_;             // in memory
  std::uint64_t stored_bytes_ = 0;
  spill_place place_ = 0;
};

/// How much of what lanes retain is on the disk, and why no more.
struct spill_status {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::uint64_t waiting = 0;  ///< in memory, to be written
  std::string refused{};      ///< why nothing is taken now; empty: it is
};

/// Takes what lanes retain, and have no room for in memory, to the disk.
///
/// The problem: a task that comes back alone needs all that was sent to it since the newest snapshot, and at high rates
/// that is more than memory should hold. Frames go in blocks to a thread of its own, which encodes and writes them, so
/// senders pay for handing them over only. Nothing has to be durable. Bounded: bytes on the disk, bytes that wait to be
/// written, and the rate, since at rates where seconds fill the disk all of it would be written for nothing.
/// Lifecycle: made before its run's tasks, destroyed after them; blocks may live longer. Thread: any.
class frame_spill {
public:
  struct limits {
    std::uint64_t bytes_max = std::uint64_t{4} << 30;
    /// Offered in a second by all lanes together, each block once. Beyond it nothing is taken for ten seconds.
    std::uint64_t rate_max = std::uint64_t{128} << 20;
    std::uint64_t waiting_max = std::uint64_t{32} << 20;
  };
  /// `say` hears when frames cannot be taken any more, and when they can again; from any thread.
  frame_spill(std::unique_ptr<page_spill> disk, limits most, const clock& time,
              std::function<void(const std::string&)> say);
  /// Writes nothing more.
  ~frame_spill();
  frame_spill(const frame_spill&) = delete;
  frame_spill& operator=(const frame_spill&) = delete;

  struct offer {
    std::uint64_t bytes = 0;  ///< in memory
    bool is_needed = false;   ///< somebody waits for the room, however fast it is asked for
    bool is_first = true;     ///< of these frames; they were not refused before
  };
  /// Takes frames, which `frames` is left without; null: not now, and they stay. What the disk could not write was
  /// taken all the same: only one is, until one has been written.
  [[nodiscard]] std::shared_ptr<const spilled_frames> take(std::vector<kept_frame>& frames, const offer& of);
  [[nodiscard]] spill_status status() const;

private:
  std::shared_ptr<detail::spill_desk> desk_;
  std::thread writer_;
};

}  // namespace millrace::engine
