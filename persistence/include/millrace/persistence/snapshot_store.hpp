#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "millrace/engine/snapshot_store.hpp"
#include "millrace/error.hpp"

namespace millrace::persistence {

struct snapshot_store_options {
  /// Address space reserved for each environment, and so its largest size. Less is used where the system grants less.
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
  /// Look only, beside the process that owns the folder (never inside it): takes no lock, creates and changes nothing;
  /// calls that would write are errc::read_only.
  bool read_only = false;
};

/// Opens the snapshot store in `folder` (made when missing): LOCK, and one LMDB environment each in a/ and b/.
///
/// A damaged or missing environment is no error: `list()` shows it and the other one is used. Both are looked at before
/// they are mapped, so a truncated file is reported and not a SIGBUS. Errors: in_use (names the process), read_only,
/// disk_full, invalid_argument (not a folder), io_error. Thread: the store's owner.
result<std::unique_ptr<engine::snapshot_store>> open_snapshot_store(const std::filesystem::path& folder,
                                                                    const snapshot_store_options& options = {});

}  // namespace millrace::persistence
