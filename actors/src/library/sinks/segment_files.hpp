#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/ids.hpp"

namespace millrace::library {

/// What a file sink puts into a snapshot: a file that is complete and durable under a name of its own, waiting for its
/// final one. Names hold no spaces; the final one may name folders below the output folder.
struct segment_handle {
  std::uint64_t bytes = 0;
  std::string pending;
  std::string final_name;
};
/// A line for each segment.
[[nodiscard]] std::string text_of(const std::vector<segment_handle>& segments);
/// Error (`corrupt`): the text is no handle.
[[nodiscard]] result<std::vector<segment_handle>> parse_segments(const std::string& text);

/// The files of one file sink's partition in its output folder.
///
/// `<folder>/.inprogress/<actor>-<partition>.<n>.csv` are being written or wait for their snapshot;
/// `<folder>/<actor>-<partition>-<epoch, 20 digits>.csv` are committed segments, whose order by name is the output's;
/// when an epoch has several, `-<n, 6 digits>` follows the epoch. They may lie in folders below.
/// Committing is a rename, which is atomic, followed by fsync of the folders: what was committed survives a power cut.
/// Thread: one owner.
class segment_files {
public:
  segment_files() = default;
  /// `extension` with its dot; `packed_extension` follows it where the files are packed. `is_nested`: segments may lie
  /// in folders below.
  segment_files(std::string folder, std::string actor_name, std::uint32_t partition, std::string extension,
                std::string packed_extension, bool is_nested);
  segment_files(segment_files&& other) noexcept { swap(other); }
  segment_files& operator=(segment_files&& other) noexcept {
    segment_files{std::move(other)}.swap(*this);
    return *this;
  }
  ~segment_files();

  /// Makes the folders and keeps other processes out. Errors: `in_use`, `io_error`, `read_only`.
  [[nodiscard]] result<void> prepare_folders();
  /// Renames pending files to their final names. Idempotent: a file that has it already is done. Errors: `corrupt` when
  /// a pending file is gone or has another length than it was left with, `io_error`.
  [[nodiscard]] result<void> commit(const std::vector<segment_handle>& handles);
  /// Deletes this partition's files in progress.
  [[nodiscard]] result<void> discard_pending();
  /// Deletes this partition's committed segments with a later epoch; counts them.
  [[nodiscard]] result<std::uint64_t> withdraw_after(epoch_id epoch);
  /// A committed segment of any partition of this actor, or nothing.
  [[nodiscard]] result<std::optional<std::string>> any_segment() const;

  [[nodiscard]] std::string pending_path(const std::string& name) const { return pending_folder_ + "/" + name; }
  [[nodiscard]] std::string next_pending_name();
  [[nodiscard]] std::string final_name(epoch_id epoch) const;
  /// Of the n-th segment of an epoch that has several.
  [[nodiscard]] std::string final_name(epoch_id epoch, std::uint32_t n) const;
  /// Makes the entry of a new pending file durable.
  [[nodiscard]] result<void> sync_pending_folder() const;
  /// So many files or folders are made durable one by one; more together with their whole file system, which then is
  /// one wait for the disk instead of many.
  static constexpr std::size_t synced_singly_max = 16;
  [[nodiscard]] result<void> sync_file_system() const;

private:
  void swap(segment_files& other) noexcept;
  [[nodiscard]] std::optional<epoch_id> epoch_of(std::string_view file_name, std::string_view prefix) const;
  /// The files of the output folder, by their paths below it.
  [[nodiscard]] result<std::vector<std::string>> output_files() const;
  using folder_set = std::set<std::string>;
  [[nodiscard]] result<void> give_name(const segment_handle& handle, folder_set& changed);
  [[nodiscard]] result<void> make_folders(const std::string& final_name, folder_set& changed) const;

  std::string folder_;
  std::string pending_folder_;
  std::string actor_name_;
  std::string prefix_;  ///< "<actor>-<partition>"
  std::string extension_;
  std::string packed_extension_;
  bool is_nested_ = false;
  std::uint64_t next_ = 0;
  int lock_ = -1;
};

}  // namespace millrace::library
