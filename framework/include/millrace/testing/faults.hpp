#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/testing/simulation.hpp"

namespace millrace::testing {

/// What can go wrong in a simulated run.
enum class fault_kind : std::uint8_t {
  crash,          ///< the process dies and starts again
  kill_task,      ///< one task dies, its region goes back to the snapshot
  drop,           ///< packets of a channel are lost and sent again
  duplicate,      ///< packets of a channel arrive twice
  reorder,        ///< packets of a channel overtake each other
  delay,          ///< a channel stands still for a while
  cut,            ///< a channel loses everything for a while; for too long and its link goes down
  torn_write,     ///< the power fails while a snapshot is written
  failing_sync,   ///< a snapshot cannot be made durable
  lost_snapshot,  ///< the process dies and its newest snapshot cannot be read; only while there is an older one
  clock_jump,     ///< the wall clock is set, forward or back
  pause,          ///< the process stands still while time goes on
};
inline constexpr std::size_t fault_kinds = 12;
[[nodiscard]] const char* to_string(fault_kind k) noexcept;

/// One fault of a plan: what, at which step of the run, whom it hits and how hard.
struct fault {
  fault_kind kind = fault_kind::crash;
  std::uint64_t at_step = 0;
  std::string target{};     ///< kill_task: "actor/partition"; channel faults: the channel's name
  std::int64_t amount = 1;  ///< packets; nanoseconds for delay, cut, clock_jump and pause

  bool operator==(const fault&) const = default;
};
/// `step 310: cut route/0.out -> sum/1.in for 12ms`
[[nodiscard]] std::string to_string(const fault& f);

using fault_plan = std::vector<fault>;

/// Faults from a seed: one to `max` of `kinds`, at steps before `steps`, sorted by step.
[[nodiscard]] fault_plan draw_faults(const engine::plan& p, std::uint64_t seed, std::uint64_t steps, std::size_t max,
                                     const std::vector<fault_kind>& kinds);

/// Every kind there is.
[[nodiscard]] std::vector<fault_kind> all_fault_kinds();

/// Runs a simulation to its end while a plan's faults happen, and counts those that hit something: a fault that hit
/// nothing proves nothing. A run that fails is started again, as its operator would.
///
/// Thread: the simulation's owner.
class faulty_run {
public:
  /// `plan`: sorted by step. The simulation must not have been started.
  faulty_run(simulation& sim, const fault_plan& plan) : sim_{sim}, plan_{plan} {}

  /// False when the run is not over after `steps_max` steps, or fails however often it is started.
  [[nodiscard]] bool run(std::uint64_t steps_max);

  /// How many faults of each kind had an effect.
  [[nodiscard]] const std::vector<std::uint64_t>& hits() const noexcept { return hits_; }
  [[nodiscard]] std::uint64_t crashes() const noexcept { return crashes_; }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }
  /// Why `run` said false.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
  void apply(const fault& f);
  [[nodiscard]] bool apply_to_channel(const fault& f);
  void crash();
  [[nodiscard]] bool start_again();
  void hit(fault_kind k) { ++hits_[static_cast<std::size_t>(k)]; }
  void count_channel_hits();

  simulation& sim_;
  const fault_plan& plan_;
  std::size_t next_ = 0;
  std::vector<std::uint64_t> hits_ = std::vector<std::uint64_t>(fault_kinds, 0);
  std::vector<std::pair<const fault*, std::uint64_t>> disturbing_;  // channel faults, and hits of their channel before
  std::uint64_t crashes_ = 0;
  std::uint64_t restarts_ = 0;
  std::uint64_t failures_ = 0;
  std::string message_;
};

}  // namespace millrace::testing
