#pragma once

#include <memory>
#include <string>

#include <caf/stateful_actor.hpp>

#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime::remote {

struct remote_task_state {
  run_shared* shared = nullptr;
  std::string node;
  task_id task;
  generation incarnation;
  std::shared_ptr<const engine::restore_point> from;
  std::shared_ptr<const letter_keeper::replays> replays;
  caf::actor courier;
  caf::actor supervisor;
};

/// Stands for a task that another node hosts: passes on what the coordinator and the supervisor send a task. What the
/// task says comes to the supervisor, see `guest_tasks`. Ends when the node says that the task has ended, or when it is
/// killed, which the node hears of with the next incarnation or the release. Scheduler thread.
caf::behavior remote_task_actor(caf::stateful_actor<remote_task_state, ordered_actor>* self, remote_task_state parts);

}  // namespace millrace::runtime::remote
