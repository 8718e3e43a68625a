#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/error.hpp"
#include "node/placing/placement_rules.hpp"

namespace millrace::node {

/// Where the event logs of logged producers lie.
///
/// The problem: the log of a partition is on the node that it first ran on, and does not go with it. What is in it is
/// in no snapshot and cannot be had from anywhere else. So these partitions stay where they are, wherever the rest of
/// the topology is placed. Kept as `log_places.json` in the topology's data folder on the node that leads.
class log_places {
public:
  /// What is known so far; no file: nothing is. Error (`corrupt`): names the file.
  [[nodiscard]] static result<log_places> read(const std::filesystem::path& data_dir);

  /// Puts logged producers where their logs are; `nodes` has a node for each task. Errors: `invalid_argument` when a
  /// pin names other nodes for one, `unavailable` when its node is not known here.
  [[nodiscard]] result<void> apply(const engine::plan& p, const placement_rules& rules, const std::string& own,
                                   const std::vector<place_for_tasks>& others, std::vector<std::string>& nodes) const;
  /// Durably adds those that run for the first time, before they do. `nodes`: empty: all are on `own`.
  [[nodiscard]] result<void> keep(const engine::plan& p, const std::string& own, const std::vector<std::string>& nodes);

private:
  log_places(std::filesystem::path file, std::map<std::string, std::string> node_of)
      : file_{std::move(file)}, node_of_{std::move(node_of)} {}

  std::filesystem::path file_;
  std::map<std::string, std::string> node_of_;  // by task, "feed/0"; empty: here, whatever this node is called
};

}  // namespace millrace::node
