#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "millrace/engine/page_spill.hpp"
#include "millrace/error.hpp"

namespace millrace::persistence {

struct state_backend_options {
  /// Address space reserved for each task, and so the most it can spill. Less is used where the system grants less.
  std::uint64_t map_bytes = std::uint64_t{256} << 30;
};

/// Keeps the pages that keyed state has no room for in memory in LMDB environments below `folder`, one a task.
///
/// Scratch: what an earlier process left in `folder` is removed, nothing is synced, and each environment goes with its
/// spill. Contents have a checksum all the same. Errors: io_error, read_only, disk_full. Thread: any.
[[nodiscard]] result<std::shared_ptr<engine::state_backend>> open_state_backend(
    const std::filesystem::path& folder, const state_backend_options& options = {});

}  // namespace millrace::persistence
