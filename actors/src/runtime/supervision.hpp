#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/supervisor_actor.hpp"

// What the supervisor's decisions are made of. All: the supervisor's thread.
namespace millrace::runtime::supervision {

using self_pointer = caf::stateful_actor<supervisor_state, ordered_actor>*;
using phase = supervisor_state::phase;

[[nodiscard]] inline std::uint32_t region_of(const supervisor_state& s, task_id t) {
  return s.shared->plan->tasks[t.value].region;
}

[[nodiscard]] inline std::uint64_t tasks_of(const supervisor_state& s, std::uint32_t region) {
  return static_cast<std::uint64_t>(std::ranges::count(s.shared->plan->tasks, region, &engine::plan_task::region));
}

// endings.cpp: the end of tasks and of the run
void kill_task(self_pointer self, std::size_t i);
/// All tasks of the region end at once; when the last one is gone, and after
/// the pause, the region comes back.
void stop_region(self_pointer self, std::uint32_t region, std::chrono::nanoseconds pause);
void end_run(self_pointer self, run_outcome outcome);
void fail_run(self_pointer self, std::string why, bool escalated = false);
/// Lets go of everything once all tasks are gone.
void quit_if_over(self_pointer self);

// failing.cpp: what a failure leads to
void on_failure(self_pointer self, const failure_message& m);
/// A task makes no progress, and its policy says that its place is to be taken.
/// `times_made`: which of its incarnations.
void on_hung(self_pointer self, task_id id, std::uint64_t times_made, const std::string& why);
/// The epoch behind whose barrier parameters were changed is given up: some of the actor's partitions have them, others
/// have not. Their regions go back, and have them from the snapshot on.
void on_settings_lost(self_pointer self, epoch_id epoch);
/// A task is gone, or counts as gone.
void on_gone(self_pointer self, std::size_t i);

// placing.cpp: making and beginning the tasks of a region, here and on other nodes
void place_tasks(self_pointer self, std::uint32_t region, const restored_message& from);
void on_hosted(self_pointer self, std::uint32_t region, generation incarnation);
/// A node of the region is not there: try again by and by. No policy's restarts are used up.
void wait_for_nodes(self_pointer self, std::uint32_t region, const std::string& why);
/// How often a node that is not there is looked for.
inline constexpr auto node_interval = std::chrono::milliseconds{250};
/// A link for a new incarnation of a task that is here.
[[nodiscard]] std::shared_ptr<task_link> fresh_link(self_pointer self, task_id id, generation incarnation,
                                                    std::shared_ptr<engine::task_journal> journal);
/// Spawns a task that is here, watched by the supervisor.
void spawn_here(self_pointer self, task_id id, std::unique_ptr<engine::task> made, const restored_message& from);
/// All regions run: the coordinator may start snapshots.
void tell_coordinator(self_pointer self);

// way_back.cpp: what goes back with a task
/// `is_hung`: its incarnation is still there, with its journal.
[[nodiscard]] supervisor_state::way_back choose_way(self_pointer self, task_id cause, restart_scope wanted,
                                                    bool is_hung);
/// The next larger way, because of the obstacle.
[[nodiscard]] supervisor_state::way_back wider(self_pointer self, task_id cause, std::string obstacle);

// rebuilding.cpp: tasks that come back while their region goes on
/// Ends the tasks; they come back when they are down, the coordinator holds,
/// and the pause is over.
void begin_rebuilding(self_pointer self, supervisor_state::rebuilding r);
/// Something it waited for has happened.
void go_on_rebuilding(self_pointer self);
void rebuild(self_pointer self, std::uint64_t number);
/// More tasks have to go back than was thought.
void widen(self_pointer self, const std::string& obstacle);
void give_up_rebuilding(self_pointer self, const std::string& why);

}  // namespace millrace::runtime::supervision
