#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/engine/letter_block.hpp"
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

/// Dead letters with consecutive numbers from `first` on.
struct numbered_letters {
  std::uint64_t first = 0;
  letter_block block;
};

/// What the meta of a task's part says of its letters; nothing of them when it cannot be read.
[[nodiscard]] letter_counters letter_counters_in(bytes_view meta);

/// One task's part of a snapshot, taken at the barrier and written later. Immutable, so another thread may write it.
struct task_snapshot {
  task_id task;
  epoch_target target;
  byte_buffer meta;  ///< everything that is not in rows
  frozen_rows rows;
  std::string prepared;  ///< transactional sinks: what to commit with the epoch; empty: nothing
  std::string position;  ///< producers: where they stand, for people
  letter_counters counters{};
  std::uint64_t written_bytes = 0;          ///< set when it is written
  std::vector<numbered_letters> letters{};  ///< those that no complete epoch has, and perhaps some more
};

}  // namespace millrace::engine
