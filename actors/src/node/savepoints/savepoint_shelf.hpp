#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/error.hpp"
#include "millrace/persistence/savepoint.hpp"
#include "millrace/runtime/placement.hpp"
#include "node/deployment_store.hpp"

namespace millrace::node {

/// What a savepoint's owner knows of it.
struct savepoint_about {
  std::string topology;
  std::string label;     ///< of whoever asked for it
  std::string text;      ///< of the topology
  nlohmann::json shape;  ///< what a topology must have to start from it, see `shape_of`
};
[[nodiscard]] std::string to_text(const savepoint_about& a);

/// One of the shelf.
struct kept_savepoint {
  std::string id;
  persistence::savepoint what;  ///< without what its owner knows
  savepoint_about about;
  std::string problem{};  ///< not empty: it cannot be read
};

/// The savepoints of a node: `savepoints/TOPOLOGY/ID/` in its data folder. They stay when the topology is removed.
/// Thread: any; nothing is kept in memory.
class savepoint_shelf {
public:
  explicit savepoint_shelf(std::filesystem::path node_folder) : folder_{std::move(node_folder) / "savepoints"} {}

  /// A name that no savepoint of the topology has, nor one of `under_way`: when it was asked for, in UTC.
  [[nodiscard]] std::string fresh_id(const std::string& topology, processing_time now,
                                     const std::set<std::string>& under_way) const;
  /// Errors: names that are no names, so that no path leads elsewhere.
  [[nodiscard]] result<std::filesystem::path> path_of(const std::string& topology, const std::string& id) const;
  /// Newest first.
  [[nodiscard]] result<std::vector<kept_savepoint>> list(const std::string& topology) const;
  /// `ID`, `TOPOLOGY/ID`, or `latest`. errc::not_found names what there is. Errors of `read_savepoint`.
  [[nodiscard]] result<std::filesystem::path> find(const std::string& topology, const std::string& which) const;

private:
  std::filesystem::path folder_;
};

[[nodiscard]] nlohmann::json to_json(const kept_savepoint& s);

/// What state a topology keeps, actor by actor, and how its tasks are joined.
[[nodiscard]] nlohmann::json shape_of(const engine::plan& p);

/// Whether the topology can start from a savepoint of that shape. Errors (`schema_mismatch`) name the actor, what
/// differs, and what to do. A topology's own name may differ.
[[nodiscard]] result<void> check_shape(const nlohmann::json& kept, const engine::plan& p);

/// Whether going back to `epoch` writes output twice. `is_same`: the data folder with newest committed `newest` goes
/// back; else a fresh topology begins, whose sinks may have been written to by another. Errors (`invalid_argument`)
/// name the sinks and the flag to accept it with.
[[nodiscard]] result<void> check_output(const engine::plan& p, bool is_same, epoch_id epoch, epoch_id newest);

/// A logged producer's events are in its topology's own folder: they are not in a savepoint.
[[nodiscard]] result<void> check_logs(const engine::plan& p, bool is_same);

/// The partitions of logged producers whose log is on this node.
[[nodiscard]] std::vector<std::string> logged_tasks(const engine::plan& p, const runtime::placement& where);

}  // namespace millrace::node
