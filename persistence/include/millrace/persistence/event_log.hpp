#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "millrace/engine/event_log.hpp"
#include "millrace/error.hpp"

namespace millrace::persistence {

struct event_log_options {
  /// Address space reserved, and so the largest size of all topics together. Less is used where the system grants less.
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
};

/// Opens the event log in `folder`/log (made when missing), one LMDB environment with a LOCK of its own, so that it can
/// stand in the same data folder as a snapshot store.
///
/// Looked at before it is mapped. Errors: corrupt (there is no second copy: restore the folder from a backup or start
/// with an empty one), in_use (names the process), read_only, disk_full, invalid_argument, io_error.
/// Thread: any.
result<std::unique_ptr<engine::event_log>> open_event_log(const std::filesystem::path& folder,
                                                          const event_log_options& options = {});

}  // namespace millrace::persistence
