#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "millrace/engine/assembly.hpp"
#include "millrace/error.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/task_actor.hpp"

namespace millrace::runtime {

/// What the tasks of one region in this process are made of.
struct task_making {
  run_shared& shared;
  std::uint32_t region = 0;
  generation incarnation;
  std::uint32_t batch_events = 256;
  std::function<std::string(task_id)> node_of;  ///< the node that runs it; empty: it is here
  std::function<task_link&(task_id)> link_of;   ///< of those that are here; outlive the tasks
  std::function<bool(task_id)> only{};          ///< makes these tasks alone; none: all that are here
  /// What stands between the task and the channels it gets; none: nothing.
  std::function<std::unique_ptr<engine::channel_factory>(engine::channel_factory&)> between{};

  /// The tasks that are here, not yet begun, with the ends of their channels to those elsewhere. By task id.
  [[nodiscard]] result<std::vector<std::unique_ptr<engine::task>>> make() const;
};

/// Spawns the actor of a task and ties the doorbell of its link to it: from then on it hears of what has come. A task
/// that waits for the disk or for whatever its actor waits for gets a thread of its own.
[[nodiscard]] caf::actor spawn_task(caf::actor_system& system, std::shared_ptr<task_state> parts);

}  // namespace millrace::runtime
