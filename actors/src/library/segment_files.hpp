#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/ids.hpp"

namespace millrace::library {

/// What a file sink puts into a snapshot: a file that is complete and durable under a name of its own, waiting for its
/// final one. Names hold no spaces or slashes.
struct segment_handle {
  std::uint64_t bytes = 0;
  std::string pending;
  std::string final_name;

  [[nodiscard]] std::string text() const;
  /// Error (`corrupt`): the text is no handle.
  [[nodiscard]] static result<segment_handle> parse(const std::string& text);
};

/// The files of one file sink's partition in its output folder.
///
/// `<folder>/.inprogress/<actor>-<partition>.<n>.csv` are being written or wait for their snapshot;
/// `<folder>/<actor>-<partition>-<epoch, 20 digits>.csv` are committed segments, whose order by name is the output's.
/// Committing is a rename, which is atomic, followed by fsync of the folders: what was committed survives a power cut.
/// Thread: one owner.
class segment_files {
public:
  segment_files() = default;
  /// `extension` with its dot.
  segment_files(std::string folder, std::string actor_name, std::uint32_t partition, std::string extension);
  segment_files(segment_files&& other) noexcept { swap(other); }
  segment_files& operator=(segment_files&& other) noexcept {
    segment_files{std::move(other)}.swap(*this);
    return *this;
  }
  ~segment_files();

  /// Makes the folders and keeps other processes out. Errors: `in_use`, `io_error`, `read_only`.
  [[nodiscard]] result<void> prepare_folders();
  /// Renames a pending file to its final name. Idempotent: a file that has it already is done. Errors: `corrupt` when
  /// the pending file is gone or has another length than it was left with, `io_error`.
  [[nodiscard]] result<void> commit(const segment_handle& handle);
  /// Deletes this partition's files in progress.
  [[nodiscard]] result<void> discard_pending();
  /// Deletes this partition's committed segments with a later epoch; counts them.
  [[nodiscard]] result<std::uint64_t> withdraw_after(epoch_id epoch);
  /// A committed segment of any partition of this actor, or nothing.
  [[nodiscard]] result<std::optional<std::string>> any_segment() const;

  [[nodiscard]] std::string pending_path(const std::string& name) const { return pending_folder_ + "/" + name; }
  [[nodiscard]] std::string next_pending_name();
  [[nodiscard]] std::string final_name(epoch_id epoch) const;
  /// Makes the entry of a new pending file durable.
  [[nodiscard]] result<void> sync_pending_folder() const;

private:
  void swap(segment_files& other) noexcept;
  [[nodiscard]] std::optional<epoch_id> epoch_of(std::string_view file_name, std::string_view prefix) const;

  std::string folder_;
  std::string pending_folder_;
  std::string actor_name_;
  std::string prefix_;  ///< "<actor>-<partition>"
  std::string extension_;
  std::uint64_t next_ = 0;
  int lock_ = -1;
};

}  // namespace millrace::library
