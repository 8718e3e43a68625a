#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "millrace/ids.hpp"

namespace millrace::engine {

/// In which order a task has taken frames from its inputs since the oldest snapshot it may have to be rebuilt from.
///
/// With the same state and the same frames in the same order a task emits the same events, so what its receivers have
/// seen already they know by its sequence. Lives outside the task, which it outlives. Runs of frames from one input
/// cost one entry; bounded: beyond `entries_max` it is spoilt until the next snapshot. Thread: the task's; others only
/// while no task uses it.
class task_journal {
public:
  static constexpr std::size_t entries_max = std::size_t{1} << 20U;

  /// The task stands at the barrier of `epoch`.
  void mark(epoch_id epoch);
  /// `epoch` is complete.
  void forget_before(epoch_id epoch);
  /// A frame that is no barrier was taken from this input.
  void took(std::uint32_t input);
  /// From here on, until the next barrier, the task did what it would not do again in the same way.
  /// `why` is a literal.
  void spoil(const char* why);

  /// Nothing has been taken, and nothing was, since the oldest snapshot it may have to be rebuilt from.
  [[nodiscard]] bool is_blank() const noexcept { return runs_.empty() && markers_.size() <= 1; }
  /// The task's output is dropped from here on, or is not any more.
  void mute(bool on) noexcept { is_muted_ = on; }
  [[nodiscard]] bool is_muted() const noexcept { return is_muted_; }

  /// Why the task cannot be rebuilt from the snapshot of `epoch`; empty: it can.
  [[nodiscard]] std::string obstacle(epoch_id epoch) const;
  /// A new incarnation starts from that snapshot: the inputs come again in the order noted.
  void rewind(epoch_id epoch);
  /// The input to take the next frame from; nothing: the past is over.
  [[nodiscard]] std::optional<std::uint32_t> next_replayed() const;
  /// Takes a step in the past.
  void advance();

private:
  struct run {
    std::uint32_t input = 0;
    std::uint64_t frames = 0;
  };
  struct marker {
    epoch_id epoch;
    std::uint64_t at = 0;          ///< number of the first run behind it
    const char* spoilt = nullptr;  ///< between it and the next one: why
  };
  [[nodiscard]] const marker* find(epoch_id epoch) const;

  std::deque<run> runs_;
  std::uint64_t first_ = 0;  ///< number of the oldest run
  std::deque<marker> markers_;
  bool is_muted_ = false;
  bool starts_run_ = true;  ///< the next frame begins a run of its own: a barrier lies between
  std::uint64_t replay_run_ = 0;
  std::uint64_t replay_frames_ = 0;  ///< of that run, taken again
  std::uint64_t replay_end_ = 0;     ///< number of the run behind the past
};

}  // namespace millrace::engine
