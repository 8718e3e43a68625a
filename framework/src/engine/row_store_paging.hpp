#pragma once

#include <cstddef>
#include <memory>

#include "millrace/engine/row_store.hpp"

namespace millrace::engine {

/// What a row store needs to keep only some of its pages in memory. Owner and thread: the row store's.
struct row_store::paging {
  std::shared_ptr<shared_spill> spill;
  std::size_t limit_bytes = 0;  ///< of all pages in memory, those that only snapshots hold included
  std::size_t own_bytes = 0;    ///< the same while no snapshot is in flight
  std::uint32_t hand = 0;       ///< where the clock stands
  spill_place next_place = 1;
  std::vector<cell_source> all_cells;
  byte_buffer scratch;
  std::uint64_t faults = 0;
  std::uint64_t evictions = 0;
};

}  // namespace millrace::engine
