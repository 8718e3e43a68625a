#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "millrace/engine/page_spill.hpp"
#include "millrace/error.hpp"

namespace millrace::persistence {

/// Keeps pages one behind the other in files below `folder`, for what is written once and mostly never read: a file
/// goes as a whole when nothing of it is wanted any more, so erasing costs nothing and its room is the disk's again.
///
/// Scratch: what an earlier process left in `folder` is removed, nothing is synced, and all goes with the spill.
/// Contents have a checksum all the same. `segment_bytes`: how long a file becomes, about. `reserve_bytes`: what of the
/// disk is left to others, which need it more: nothing is written that would leave less free. Errors: io_error,
/// read_only, disk_full. Thread: as of `page_spill`.
[[nodiscard]] result<std::unique_ptr<engine::page_spill>> open_segment_spill(const std::filesystem::path& folder,
                                                                             std::uint64_t segment_bytes,
                                                                             std::uint64_t reserve_bytes);

}  // namespace millrace::persistence
