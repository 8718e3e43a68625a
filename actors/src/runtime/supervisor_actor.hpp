#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <caf/stateful_actor.hpp>

#include "millrace/engine/restart_budget.hpp"
#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/task_actor.hpp"

namespace millrace::runtime {

struct supervisor_state {
  enum class phase : std::uint8_t { down, running, stopping, waiting };
  struct region {
    phase now = phase::down;
    std::size_t alive = 0;  ///< task actors not yet gone
    generation incarnation;
    engine::restart_budget budget;
    failure_policy policy;  ///< of the task that failed last
    std::uint64_t attempt = 0;
  };

  run_shared* shared = nullptr;
  caf::actor writer;
  caf::actor coordinator;
  std::vector<region> regions;
  std::vector<caf::actor> tasks;
  std::vector<std::shared_ptr<task_link>> links;
  bool is_restart = false;
  std::optional<run_outcome> ending;  ///< set: tasks are being ended, this is what it came to
};

/// Makes the tasks of a topology, watches them, and brings a region back to the newest snapshot when one fails, within
/// the limits of the failed actor's policy. Ends the run when all is done or nothing helps. Scheduler thread.
caf::behavior supervisor_actor(caf::stateful_actor<supervisor_state, ordered_actor>* self, run_shared* shared,
                               caf::actor writer);

}  // namespace millrace::runtime
