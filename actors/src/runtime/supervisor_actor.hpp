#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
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
    std::chrono::nanoseconds pause{};      ///< while stopping: before it comes back
    std::uint64_t recovery = 0;            ///< while it comes back: number of the report; 0: there is none
    std::uint64_t handled = 0;             ///< while it comes back: events its sinks had handled
    bool reopens = false;                  ///< dead letters were to be replayed when it came back
    bool is_node_lost = false;             ///< stops because a node is gone, which no actor's policy counts
    std::optional<restored_message> from;  ///< while hosting: what its tasks will start from
  };

  /// How a failed task comes back.
  struct way_back {
    enum class kind : std::uint8_t { alone, part, region };
    kind how = kind::region;
    std::string scope{};        ///< as reports say it
    std::set<task_id> tasks{};  ///< that go back: `part` closed downstream; empty for a region
    std::string obstacle{};     ///< why not fewer; empty: nothing less was wanted
  };

  /// Tasks that come back while all others of their region go on.
  struct rebuilding {
    std::uint64_t number = 0;  ///< of the recovery
    task_id cause;
    way_back way;
    std::string why;
    std::chrono::nanoseconds pause{};
    std::set<task_id> not_down{};
    bool is_held = false;  ///< by the coordinator: no snapshot begins
    bool is_pausing = false;
  };

  run_shared* shared = nullptr;
  caf::actor writer;
  caf::actor coordinator;
  std::vector<region> regions;
  std::vector<caf::actor> tasks;
  std::vector<std::shared_ptr<task_link>> links;
  std::vector<generation> incarnations;                   ///< per task
  std::vector<std::vector<task_id>> below;                ///< per task: those it sends to
  std::map<std::string, engine::restart_budget> budgets;  ///< of groups and actors
  std::mt19937_64 random{std::random_device{}()};         ///< of jitter
  std::size_t left_behind = 0;                            ///< tasks that hung and were replaced
  std::optional<rebuilding> rebuild;
  std::map<task_id, epoch_id> rebuilt;  ///< those made anew since their region
                                        ///< came back: from which snapshot
  std::unique_ptr<remote::guest_tasks> guests;
  caf::actor courier;          ///< null while all tasks are here
  std::string remote_failure;  ///< of a last commit on another node
  bool is_stop_wanted = false;
  bool is_restart = false;
  std::optional<run_outcome> ending;  ///< set: tasks are being ended, this is what it came to
};

/// Makes the tasks of a topology, watches them, and brings back to the newest
/// snapshot what its policy says when one fails, within the policy's limits.
/// Ends the run when all is done or nothing helps. Scheduler thread.
caf::behavior supervisor_actor(caf::stateful_actor<supervisor_state, ordered_actor>* self, run_shared* shared,
                               caf::actor writer);

}  // namespace millrace::runtime
