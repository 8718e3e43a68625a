#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/topology.hpp"

namespace millrace::persistence {

struct dead_letter_options {
  /// Address space reserved. Less is used where the system grants less.
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
  dead_letter_settings limits;
};

/// Opens the dead letters in `folder`/deadletters (made when missing), one LMDB environment. Unlike the other stores it
/// has no LOCK: LMDB lets the run and commands write in turn.
///
/// Errors: corrupt, read_only, disk_full, io_error. Thread: the store's owner; one object a process and folder.
result<std::unique_ptr<engine::dead_letter_store>> open_dead_letter_store(const std::filesystem::path& folder,
                                                                          const dead_letter_options& options = {});

}  // namespace millrace::persistence
