#pragma once

#include <caf/stateful_actor.hpp>

#include "millrace/engine/epoch_coordinator.hpp"
#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime {

struct coordinator_state {
  explicit coordinator_state() = default;
  run_shared* shared = nullptr;
  caf::actor writer;
  caf::actor supervisor;
  std::unique_ptr<engine::epoch_coordinator> decide;
  tasks_message tasks;
  bool paused = true;                ///< no region may take part: nothing starts
  bool is_hold_wanted = false;       ///< the supervisor waits for `held`
  bool is_done_owed = false;         ///< the last snapshot is complete, the supervisor does not know yet
  bool number_asked = false;         ///< a number is on its way from the writer
  std::set<std::string> not_opened;  ///< nodes that do not know yet where the open epoch goes
  bool is_put_off = false;           ///< a node could not be told of the epoch before, which the log says
  bool writing = false;              ///< all parts of the open epoch are with the writer
  bool replays_under_way = true;     ///< some task may have been told that replays are to come
  std::int64_t started_ns = 0;
  std::int64_t not_before_ns = 0;  ///< of the next epoch, where one was put off
  std::vector<keep_message> keeps;  ///< snapshots to be kept as savepoints
};

/// Moves the messages that `engine::epoch_coordinator` decides on: barriers to producers, parts to the writer, the
/// outcome to all tasks. Scheduler thread.
caf::behavior coordinator_actor(caf::stateful_actor<coordinator_state, ordered_actor>* self, run_shared* shared,
                                caf::actor writer, caf::actor supervisor);

}  // namespace millrace::runtime
