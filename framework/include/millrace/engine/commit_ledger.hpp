#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "millrace/ids.hpp"

namespace millrace::engine {

/// What a transactional sink prepared for an epoch and can finish after a crash.
struct prepared_handle {
  std::string task;
  std::vector<std::byte> handle;
};

/// Where a producer stood at an epoch, in its own words.
struct source_position {
  std::string task;
  std::string text;
};

/// The record that an epoch is committed. Kept apart from the pages, for the last 64 epochs, in both environments: a
/// lost snapshot must not make anybody forget that its epoch was promised to the outside.
struct ledger_entry {
  epoch_id epoch;
  generation incarnation;
  std::vector<prepared_handle> prepared;
  std::vector<source_position> positions;
};

inline constexpr std::size_t ledger_entries_max = 64;

}  // namespace millrace::engine
