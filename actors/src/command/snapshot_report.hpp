#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/engine/snapshot_store.hpp"

namespace millrace::command {

/// What `snapshot inspect` tells of one task in a snapshot.
struct snapshot_task {
  std::string name;
  std::uint64_t pages = 0;
  std::uint64_t page_bytes = 0;
  std::uint64_t meta_bytes = 0;
};

/// One snapshot looked at from outside.
struct snapshot_report {
  engine::snapshot_info info;
  std::vector<snapshot_task> tasks;
  engine::ledger_entry ledger;  ///< empty when the ledger does not know the epoch
  std::string damage;           ///< empty: every checksum is right
};

/// Reads and verifies all of a snapshot. Errors: no such epoch. Damage is not an error: it is in the report.
[[nodiscard]] result<snapshot_report> inspect(engine::snapshot_store& store, epoch_id epoch);

[[nodiscard]] nlohmann::json to_json(const engine::snapshot_info& info);
[[nodiscard]] nlohmann::json to_json(const snapshot_report& report);
/// For people: one line, several lines.
[[nodiscard]] std::string to_text(const engine::snapshot_info& info);
[[nodiscard]] std::string to_text(const snapshot_report& report);

}  // namespace millrace::command
