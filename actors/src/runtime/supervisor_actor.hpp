#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/stateful_actor.hpp>

#include "millrace/engine/restart_budget.hpp"
#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/remote/guest_tasks.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/task_actor.hpp"

namespace millrace::runtime {

struct supervisor_state {
  enum class phase : std::uint8_t { down, hosting, running, stopping, waiting };
  struct region {
    phase now = phase::down;
    std::size_t alive = 0;  ///< task actors not yet gone
    generation incarnation;
    engine::restart_budget budget;
    failure_policy policy;                 ///< of the task that failed last
    bool reopens = false;                  ///< dead letters were to be replayed when it came back
    bool is_node_lost = false;             ///< stops because a node is gone, which no actor's policy counts
    std::optional<restored_message> from;  ///< while hosting: what its tasks will start from
  };

  /// One task that comes back alone while all others go on.
  struct rebuilding {
    task_id task;
    std::string why;
    std::int64_t failed_ns = 0;
    bool is_down = false;
    bool is_held = false;  ///< by the coordinator: no snapshot begins
  };

  run_shared* shared = nullptr;
  caf::actor writer;
  caf::actor coordinator;
  std::vector<region> regions;
  std::vector<caf::actor> tasks;
  std::vector<std::shared_ptr<task_link>> links;
  std::vector<generation> incarnations;  ///< per task
  std::optional<rebuilding> rebuild;
  std::map<task_id, epoch_id> rebuilt;  ///< those rebuilt since their region came back: from which snapshot
  std::unique_ptr<remote::guest_tasks> guests;
  caf::actor courier;          ///< null while all tasks are here
  std::string remote_failure;  ///< of a last commit on another node
  bool is_stop_wanted = false;
  bool is_restart = false;
  std::optional<run_outcome> ending;  ///< set: tasks are being ended, this is what it came to
};

/// Makes the tasks of a topology, watches them, and brings a region back to the newest snapshot when one fails, within
/// the limits of the failed actor's policy. Ends the run when all is done or nothing helps. Scheduler thread.
caf::behavior supervisor_actor(caf::stateful_actor<supervisor_state, ordered_actor>* self, run_shared* shared,
                               caf::actor writer);

}  // namespace millrace::runtime
