#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/persistence/data_folder.hpp"
#include "millrace/time.hpp"
#include "node/placing/placement_rules.hpp"

namespace millrace::node {

/// A topology that was given to a node, and what is wanted of it.
struct deployment {
  std::string name;
  std::string text;                ///< of the `.mill` file
  std::string base_folder;         ///< where relative paths in it start
  bool is_wanted = true;           ///< to run, also after the node's next start
  placement_rules where{};         ///< which nodes run its tasks
  processing_time paused_since{};  ///< its producers rest; 0: they do not
  std::set<std::string> muted{};   ///< actors whose output is dropped
  std::string from_savepoint{};    ///< folder of the one that the next start goes back to; empty: none
  bool moves = false;              ///< that is of another topology, or of one that was removed
};

/// What a node has been given, in its data folder: `topologies/NAME/deployment.json` beside the topology's own `data`.
/// One process at a time. Changes are durable when they return. Thread: one at a time.
class deployment_store {
public:
  /// Makes the folder when it is not there. Errors: `in_use`, and those of the file system.
  [[nodiscard]] static result<deployment_store> open(const std::filesystem::path& folder);

  /// All of them, by name. Error (`corrupt`): names the file that cannot be read.
  [[nodiscard]] result<std::vector<deployment>> load() const;
  [[nodiscard]] result<void> save(const deployment& d) const;
  /// From now on it is not there any more, also for the node's next start; its data goes with `remove`.
  [[nodiscard]] result<void> forget(const std::string& name) const;
  /// Forgets it and deletes its data. Nobody may use it any more. What an error leaves goes at the next start.
  [[nodiscard]] result<void> remove(const std::string& name) const;
  /// Where its snapshots are.
  [[nodiscard]] std::string data_dir_of(const std::string& name) const;
  /// Where it says what happens to it.
  [[nodiscard]] std::filesystem::path log_file_of(const std::string& name) const;
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

private:
  deployment_store(std::filesystem::path folder, persistence::directory_lock lock)
      : folder_{std::move(folder)}, lock_{std::move(lock)} {}
  [[nodiscard]] std::filesystem::path folder_of(const std::string& name) const;

  std::filesystem::path folder_;
  persistence::directory_lock lock_;
};

}  // namespace millrace::node
