#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/engine/row_store.hpp"
#include "millrace/ids.hpp"

namespace millrace::engine {

/// Where a snapshot is going; the same for all tasks of an epoch.
struct epoch_target {
  epoch_id epoch;
  unsigned environment = 0;
  bool full = true;   ///< the environment has no base: every page is needed
  bool last = false;  ///< the run ends with this one: producers emit nothing after its barrier
};

/// One task's part of a snapshot, taken at the barrier and written later. Immutable, so another thread may write it.
struct task_snapshot {
  task_id task;
  epoch_target target;
  byte_buffer meta;  ///< everything that is not in rows
  frozen_rows rows;
  std::string prepared;  ///< transactional sinks: what to commit with the epoch; empty: nothing
  std::string position;  ///< producers: where they stand, for people
};

}  // namespace millrace::engine
