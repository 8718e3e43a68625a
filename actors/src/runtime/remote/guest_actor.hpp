#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/stateful_actor.hpp>

#include "millrace/engine/snapshot_store.hpp"
#include "runtime/messages.hpp"
#include "runtime/ordered_actor.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/wire.hpp"
#include "runtime/remote/word_queue.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/task_actor.hpp"

namespace millrace::runtime::remote {

struct guest_state {
  /// A task that is made and waits for what it starts from, or runs.
  struct hosted_task {
    std::shared_ptr<task_link> link;
    std::unique_ptr<engine::task> made;  ///< until it begins
    caf::actor actor;                    ///< from then on, until it has ended
    std::shared_ptr<std::map<std::uint32_t, byte_buffer>> pages;
  };
  struct region {
    generation incarnation;
    std::size_t alive = 0;  ///< actors not yet gone
    std::optional<std::pair<generation, host_request>> wanted;
  };

  run_shared* shared = nullptr;
  std::string lead;
  caf::actor courier;
  std::unique_ptr<word_queue> words;  ///< for the lead
  std::vector<region> regions;
  std::map<task_id, hosted_task> tasks;
  std::string misfit;       ///< why no task can have what is set while the topology runs; empty: it can
  bool is_leaving = false;  ///< the run is over, or its lead lost: ends with the last task
};

/// Hosts the tasks of a run that another node leads: makes them when told to, passes to the lead what they would tell a
/// coordinator and a supervisor, ends them when a newer incarnation is asked for, when the run is over and when the
/// lead is lost. A task of an older incarnation is gone before one of a newer is made. Scheduler thread.
caf::behavior guest_actor(caf::stateful_actor<guest_state, ordered_actor>* self, run_shared* shared, std::string lead,
                          caf::actor courier);

}  // namespace millrace::runtime::remote
