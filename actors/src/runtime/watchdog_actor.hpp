#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include <caf/stateful_actor.hpp>

#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime {

struct watchdog_state {
  run_shared* shared = nullptr;
  caf::actor supervisor;
  std::chrono::nanoseconds period{};
  std::int64_t looked_ns = 0;
  std::map<task_id, std::uint64_t> hanging;  ///< and which of its incarnations
};

/// Looks for tasks that make no progress while work waits for them, says so,
/// and has done what their policy wants.
///
/// On a thread of its own: tasks that hang may have taken all those that others
/// share, the supervisor's too. Ends with the supervisor.
caf::behavior watchdog_actor(caf::stateful_actor<watchdog_state, ordered_actor>* self, run_shared* shared,
                             caf::actor supervisor);

}  // namespace millrace::runtime
