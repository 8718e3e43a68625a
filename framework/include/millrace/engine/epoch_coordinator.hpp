#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "millrace/engine/task_snapshot.hpp"

namespace millrace::engine {

/// Decides when snapshots start, when all parts are in, when to give one up, and when a run is over.
///
/// At most one epoch is open: started (barriers on their way) → all parts in (being written) → complete or aborted.
/// Pure: time and numbers come from the caller, which also moves the messages. Thread: one owner.
class epoch_coordinator {
public:
  struct timing {
    std::chrono::nanoseconds interval{};  ///< 0: only on request and at the end
    std::chrono::nanoseconds timeout{};
  };

  epoch_coordinator(std::size_t tasks, timing t) : timing_{t}, known_(tasks), ended_(tasks), parts_in_(tasks, false) {}

  /// True when a snapshot should start now; the caller takes a number from the store and calls `start`.
  [[nodiscard]] bool is_due(std::int64_t now_ns) const noexcept;
  /// Start one as soon as none is open. `last`: the run ends with it.
  void request(bool last = false) noexcept;
  /// True when the snapshot to start is the last one.
  [[nodiscard]] bool next_is_last() const noexcept { return last_requested_ || all_ended(); }
  void start(const epoch_target& target, std::int64_t now_ns);

  /// All parts, once the last one has come in; parts of other epochs are dropped.
  [[nodiscard]] std::optional<std::vector<task_snapshot>> on_part(task_snapshot&& part);
  /// The epoch is durable.
  void on_complete(std::int64_t now_ns);
  /// The open epoch came to nothing; when it was asked for, another one is due. `is_failure`: a write failed or a sink
  /// could not prepare, so that the next attempt had better wait; else it stood in the way of a recovery.
  void on_abort(std::int64_t now_ns, bool is_failure = true);
  /// For how long none has been complete since one failed; zero while none has.
  [[nodiscard]] std::chrono::nanoseconds failing_for(std::int64_t now_ns) const noexcept {
    return std::chrono::nanoseconds{failures_ == 0 ? 0 : now_ns - failing_since_ns_};
  }
  /// The open epoch if its barriers have been under way for too long.
  [[nodiscard]] std::optional<epoch_id> overdue(std::int64_t now_ns) const noexcept;

  /// An incarnation of a task has handled all its input. May come before the news of its start, and after its death.
  void on_task_ended(task_id task, generation incarnation) {
    ended_[task.value] = std::max(ended_[task.value], incarnation);
  }
  /// The task was made anew from a snapshot, so what earlier incarnations said no longer counts.
  void on_task_started(task_id task, generation incarnation) { known_[task.value] = incarnation; }

  [[nodiscard]] std::optional<epoch_id> open() const noexcept;
  /// The last snapshot is complete.
  [[nodiscard]] bool is_finished() const noexcept { return finished_; }
  /// The end was asked for, rather than reached because all input was handled.
  [[nodiscard]] bool was_stopped() const noexcept { return last_requested_; }
  [[nodiscard]] std::uint32_t failures_in_a_row() const noexcept { return failures_; }
  /// When `is_due` may turn true next without any event; nothing: only by an event.
  [[nodiscard]] std::optional<std::int64_t> next_due() const noexcept;

private:
  [[nodiscard]] bool all_ended() const noexcept;
  void close(std::int64_t now_ns);

  timing timing_;
  std::vector<generation> known_;  ///< current incarnations; 0: not started
  std::vector<generation> ended_;  ///< newest incarnations that said they had ended
  std::vector<bool> parts_in_;
  std::vector<task_snapshot> parts_;
  std::optional<epoch_target> open_;
  bool requested_ = false;
  bool is_open_requested_ = false;  ///< somebody waits for the open one
  bool last_requested_ = false;
  bool finished_ = false;
  std::int64_t started_ns_ = 0;
  std::int64_t idle_since_ns_ = 0;
  std::uint32_t failures_ = 0;
  std::int64_t failing_since_ns_ = 0;  ///< when the first of them began; while there are any
};

}  // namespace millrace::engine
