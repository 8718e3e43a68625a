#include <array>

#include "command/verb.hpp"

namespace millrace::command {

std::span<const verb> verbs() {
  static constexpr std::array table{
      verb{"run", "Run a topology until its inputs end, Ctrl-C or --duration", declare_run},
      verb{"validate", "Check a topology without running it", declare_validate},
      verb{"actor", "Look up the actor types a topology can use", declare_actor},
      verb{"snapshot", "Look into the snapshots of a data directory", declare_snapshot},
      verb{"savepoint", "List and delete the snapshots that were kept", declare_savepoint},
      verb{"state", "Look into the state of a running topology, by key", declare_state},
      verb{"deadletter", "List, mend and replay what a topology has set aside", declare_deadletter},
      verb{"table", "Look into the tables that table sinks keep", declare_table},
      verb{"topology", "Look at and steer the topologies that are running", declare_topology},
      verb{"trace", "Follow single events through the actors of a running topology", declare_trace},
      verb{"node", "Host topologies that are deployed, and look at the nodes that do", declare_node},
      verb{"key", "Give keys for a node to others, and take them back", declare_key},
      verb{"audit", "What was written down about who did what, and whether it is still as it was", declare_audit},
      verb{"chaos", "Break a running topology on purpose, and judge what comes of it", declare_chaos},
      verb{"soak", "Break a topology at random for hours, and compare what it commits", declare_soak},
      verb{"bench", "Measure this machine and this build", declare_bench},
      verb{"nexmark", "The Nexmark benchmark: generate its events, run its queries", declare_nexmark},
      verb{"completion", "Print a completion script for a shell", declare_completion},
  };
  return table;
}

}  // namespace millrace::command
