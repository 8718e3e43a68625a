#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/snapshot_store.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/engine/task_snapshot.hpp"

namespace millrace::engine {

/// Readers of one snapshot, so that several tasks can take their pages from it at a time. Thread: any.
class page_source {
public:
  explicit page_source(std::unique_ptr<snapshot_reader> reader);
  explicit page_source(std::vector<std::unique_ptr<snapshot_reader>> readers);
  /// Calls `f` with a reader nobody else has meanwhile; waits for one while all are in use.
  result<void> use(const std::function<result<void>(snapshot_reader&)>& f);

private:
  struct place {
    std::mutex lock;
    std::unique_ptr<snapshot_reader> reader;
  };
  std::vector<std::unique_ptr<place>> places_;
  std::atomic<std::size_t> next_{0};
};

/// The state all tasks start from: a complete snapshot, every checksum looked at; epoch 0: fresh. Its pages stay where
/// they are until a task reads its own: they may not fit into memory together. Thread: any.
struct restore_point {
  epoch_id epoch{};
  unsigned environment = 0;
  std::map<std::string, byte_buffer> metas;  ///< by task
  std::shared_ptr<page_source> pages;
  std::vector<std::string> notes;  ///< what a person should know: damage found, fall-back taken

  /// Must be used before this is destroyed. Errors: what the task's pages are in cannot be read.
  [[nodiscard]] result<task::restored> for_task(const std::string& name) const;
};

/// Reads the newest snapshot that is intact; a damaged one is discarded in favour of the one before. Falling back
/// behind what sinks have committed is allowed only when each of them can withdraw or does not mind
/// (`accept_duplicates` overrules). errc::corrupt when nothing intact is left of a topology that has committed output.
[[nodiscard]] result<restore_point> load_newest_intact(snapshot_store& store, const plan& p, bool accept_duplicates);

/// What tasks start from when they are rebuilt while others go on: their part of the newest snapshot, and of no other.
/// Fresh when there is none. errc::corrupt when that snapshot is damaged: the region has to go back, which may find an
/// older one.
[[nodiscard]] result<restore_point> load_tasks(snapshot_store& store, const std::vector<std::string>& tasks);

/// Writes a snapshot: pages, then meta, then the manifest that makes it the newest. Lets go of each page as soon as the
/// store has it. Thread: snapshot writer.
[[nodiscard]] result<void> write_snapshot(snapshot_store& store, const plan& p, generation incarnation,
                                          std::vector<task_snapshot>& parts);

}  // namespace millrace::engine
