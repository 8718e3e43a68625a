#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/engine/output_lane.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/engine/task_stats.hpp"
#include "millrace/testing/memory_store.hpp"

namespace millrace::testing {

/// How batches pass the simulated channels.
enum class payload : std::uint8_t {
  shared,   ///< as they are, as inside a process
  encoded,  ///< encoded and decoded, as between processes
};

struct simulation_options {
  std::uint64_t seed = 1;
  payload batches = payload::shared;
  std::uint32_t batch_events = 256;
  /// Credit of every channel; none: what the live runtime would give it.
  std::optional<engine::credit_window> credit{};
  /// How long a step takes on average, in virtual time.
  std::chrono::nanoseconds step_time = std::chrono::microseconds{100};
  bool accept_duplicates = false;
  /// Sees every frame when it is handed to its channel, before anything can happen to it.
  std::function<void(const engine::frame&)> on_frame{};
  /// Negative controls only.
  engine::protections protect{};
};

/// What the network may do to a channel, below the protocol that makes channels reliable: packets are numbered, sent
/// again when lost and put in order by the receiving end; a link that stays cut for too long goes down, which sends the
/// region back to its snapshot.
enum class disturbance : std::uint8_t {
  drop,       ///< the next `amount` packets are lost
  duplicate,  ///< the next `amount` packets arrive twice
  reorder,    ///< the next `amount` packets are overtaken
  delay,      ///< packets take `amount` nanoseconds from now on until then
  cut,        ///< no packet passes for `amount` nanoseconds
};

/// Runs a topology in one thread on virtual time, with every choice of order taken from a seed.
///
/// The problem: faults that depend on timing (a crash between prepare and commit, a barrier that overtakes the news of
/// an aborted snapshot) cannot be found by running live and hoping. Here tasks, channels, coordinator, supervisor and
/// snapshot writer are lines of pending actions, and each step takes the first action of a line drawn by the seed:
/// order within a line is kept, as a mailbox or a channel keeps it, and any order between lines can happen. The same
/// seed gives the same run, step by step. Tasks, alignment, credit, recovery and all decisions are the live engine's.
///
/// Lifecycle: `start` → `step`… → (`crash` → `restart` → `step`…) → the end of the input, `stop` or a failure. The
/// snapshot store and event log are the disk: they survive crashes. Thread: one owner; runs of different simulations
/// may overlap.
class simulation {
public:
  enum class phase : std::uint8_t {
    down,  ///< not started, or crashed
    running,
    finished,  ///< all input was handled and the last snapshot is complete
    stopped,   ///< `stop` was asked for and the last snapshot is complete
    failed,    ///< see `message`
  };

  explicit simulation(std::shared_ptr<const engine::plan> p, simulation_options options = {});
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation();

  /// The process starts: whatever the store holds is restored first.
  void start();
  /// One action. False: nothing is left to do, because the run is over or down.
  bool step();
  /// Steps until the run is over; false when it is not after `max_steps`.
  bool run_until_over(std::size_t max_steps);
  /// The process dies here: tasks, channels and messages are gone, the store and what sinks wrote stay.
  void crash();
  void restart() { start(); }
  /// Another program takes the crashed one's place, on the same store.
  void replace_plan(std::shared_ptr<const engine::plan> p);

  /// As the user's stop: a last snapshot, a commit, the end.
  void stop();
  void snapshot_now();
  /// Lets virtual time pass.
  void advance(std::chrono::nanoseconds d);
  /// Sets the wall clock forward or back, as an administrator or NTP does; durations are not affected.
  void shift_wall_clock(std::chrono::nanoseconds d);
  /// The task dies as if its handler had thrown; its region goes back to the snapshot. False: there is no such task.
  bool kill_task(const std::string& name);
  /// Frames and credit of the channel, also of its next incarnations, meet the disturbance. `channel`: its name, as
  /// "from/0.out -> to/3.in". False: there is no such channel.
  bool disturb(const std::string& channel, disturbance what, std::uint64_t amount);
  /// Packets of the channel that met a disturbance so far.
  [[nodiscard]] std::uint64_t disturbed(const std::string& channel) const;

  [[nodiscard]] phase now_is() const noexcept;
  [[nodiscard]] const std::string& message() const noexcept;
  [[nodiscard]] bool has_escalated() const noexcept;
  [[nodiscard]] const engine::clock& clock() const noexcept;
  [[nodiscard]] memory_snapshot_store& store() noexcept;
  /// Of logged producers; survives crashes as the store does.
  [[nodiscard]] memory_event_log& event_log() noexcept;
  /// What was set aside and no stream took, in order of tasks; survives crashes. Those that no complete snapshot covers
  /// go when the run goes back.
  [[nodiscard]] std::vector<dead_letter> dead_letters() const;
  /// The task's current incarnation; nullptr while there is none. `name`: "actor/partition".
  [[nodiscard]] engine::task* find_task(const std::string& name) noexcept;
  /// Numbers of every incarnation the actor's tasks had, oldest first.
  [[nodiscard]] std::vector<std::shared_ptr<const engine::task_stats>> stats_of(const std::string& actor) const;

  [[nodiscard]] std::uint64_t steps() const noexcept;
  /// Restarts of regions by the supervisor since `start`.
  [[nodiscard]] std::uint64_t restarts() const noexcept;
  [[nodiscard]] std::uint64_t snapshots() const noexcept;
  [[nodiscard]] std::uint64_t snapshot_failures() const noexcept;
  [[nodiscard]] epoch_id restored_epoch() const noexcept;
  /// What the tasks and the run logged, oldest first.
  [[nodiscard]] const std::vector<std::string>& log() const noexcept;
  /// Hash of every choice, frame and time so far: equal for equal runs.
  [[nodiscard]] std::uint64_t trace() const noexcept;

private:
  struct world;
  std::unique_ptr<world> world_;
};

/// The seed a randomised test shall start from: MILLRACE_SEED when it is set, else `fallback`. Prints it.
[[nodiscard]] std::uint64_t seed_from_environment(std::uint64_t fallback);

}  // namespace millrace::testing
