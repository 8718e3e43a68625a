#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/ids.hpp"
#include "millrace/transport/frame_codec.hpp"

namespace millrace::runtime {

class exchange;

/// Which node runs which task of a topology. Immutable. Thread: any.
struct placement {
  std::shared_ptr<exchange> nodes{};        ///< the way to the others; null: everything is here
  std::string text{};                       ///< of the topology, for the others to make the same plan of
  std::string base_folder{};                ///< where its relative paths start, on every node
  std::vector<std::string> node_of{};       ///< per task of the plan; empty: everything is here
  transport::topology_instance instance{};  ///< of the run that leads; 0: this one does

  /// `node_of` of the task; empty when it is here.
  [[nodiscard]] std::string of(task_id task, const std::string& own) const {
    return task.value >= node_of.size() || node_of[task.value] == own ? std::string{} : node_of[task.value];
  }
};

}  // namespace millrace::runtime
