#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/snapshot_store.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/engine/task_snapshot.hpp"

namespace millrace::engine {

/// The state all tasks start from: a complete snapshot in memory, every checksum looked at; epoch 0: fresh.
struct restore_point {
  struct part {
    byte_buffer meta;
    std::vector<std::pair<std::uint32_t, byte_buffer>> pages;
  };
  epoch_id epoch{};
  unsigned environment = 0;
  std::map<std::string, part> tasks;
  std::vector<std::string> notes;  ///< what a person should know: damage found, fall-back taken

  [[nodiscard]] task::restored for_task(const std::string& name) const;
};

/// Reads the newest snapshot that is intact; a damaged one is discarded in favour of the one before. Falling back
/// behind what sinks have committed is allowed only when each of them can withdraw or does not mind
/// (`accept_duplicates` overrules). errc::corrupt when nothing intact is left of a topology that has committed output.
[[nodiscard]] result<restore_point> load_newest_intact(snapshot_store& store, const plan& p, bool accept_duplicates);

/// Writes a snapshot: pages, then meta, then the manifest that makes it the newest. Thread: snapshot writer.
[[nodiscard]] result<void> write_snapshot(snapshot_store& store, const plan& p, generation incarnation,
                                          const std::vector<task_snapshot>& parts);

}  // namespace millrace::engine
