#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

#include "millrace/error.hpp"

namespace millrace::persistence {

/// Bytes an unprivileged process may still write where `folder` is; 0 when that cannot be asked.
[[nodiscard]] std::uint64_t free_bytes(const std::filesystem::path& folder);

/// What a scratch file leaves free of the disk that `folder` is on, for snapshots and logs: 512 MiB, or a twentieth of
/// a smaller disk; 0 when that cannot be asked.
[[nodiscard]] std::uint64_t scratch_reserve_bytes(const std::filesystem::path& folder);

[[nodiscard]] error disk_full_error(const std::filesystem::path& folder, std::uint64_t needed, std::uint64_t free);

/// Makes `folder` with its parents unless it is there; says what is in the way otherwise.
result<void> make_folder(const std::filesystem::path& folder);

/// Makes new, renamed and removed names in `folder` survive a power cut.
result<void> sync_folder(const std::filesystem::path& folder);

/// Replaces the file's content: after a power cut it holds the old bytes or the new ones, whole. A file beside it with
/// `.new` at its end is made meanwhile. `mode`: who may read and write it.
result<void> replace_file(const std::filesystem::path& file, std::string_view bytes, unsigned mode = 0640);

/// Keeps a data folder to one process: two writers would overwrite each other's pages.
///
/// Holds a lock on the file LOCK, which also carries the owner's process id. The system frees it when the process
/// dies. Thread: one owner.
class directory_lock {
public:
  /// errc::in_use names the process that has the folder.
  static result<directory_lock> take(const std::filesystem::path& folder);

  directory_lock() = default;
  directory_lock(directory_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  directory_lock& operator=(directory_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~directory_lock();

private:
  explicit directory_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace millrace::persistence
