#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "millrace/engine/snapshot_store.hpp"
#include "millrace/error.hpp"

namespace millrace::persistence {

/// A snapshot that a person keeps: a folder of its own, which no retention touches, with a full copy of the snapshot
/// (LMDB, as in a data folder) and the file `savepoint` that says what it is (docs/snapshot-format.md).
struct savepoint {
  epoch_id epoch;
  processing_time written_at;
  std::uint64_t bytes = 0;  ///< pages and meta
  std::uint64_t tasks = 0;
  std::uint32_t checksum = 0;  ///< CRC-32C of all content
  std::string about;           ///< what its owner wants to know of it; not looked at here
};

/// A complete snapshot that stays as it is while it is copied, whatever its store does meanwhile, at the price of room
/// in the store's file. The store outlives it.
struct held_snapshot {
  engine::ledger_entry entry;
  std::unique_ptr<engine::snapshot_reader> content;
};

/// Errors: those of `snapshot_store::open`. Thread: the one that owns the store.
[[nodiscard]] result<held_snapshot> hold_snapshot(engine::snapshot_store& from, epoch_id epoch);

/// Copies a snapshot. The savepoint is there as a whole or not at all, also after a power cut. Errors:
/// `already_exists`; `corrupt`; `disk_full`, `io_error`. Thread: any one.
[[nodiscard]] result<savepoint> write_savepoint(const std::filesystem::path& folder, const held_snapshot& from,
                                                processing_time now, std::string about);

/// Says what a savepoint is without reading its content. Errors: `not_found`; `corrupt`: names the file. Thread: any.
[[nodiscard]] result<savepoint> read_savepoint(const std::filesystem::path& folder);

/// Reads all of it and compares checksums. errc::corrupt says what is damaged. Thread: any.
[[nodiscard]] result<savepoint> verify_savepoint(const std::filesystem::path& folder);

/// Makes the savepoint the only snapshot in the data folder: the next start goes on from it. Numbers that were handed
/// out there stay used. Verify the savepoint first, since what the folder has is given up; it is not changed. After a
/// crash in the middle call it again: the data folder may have no snapshot then. `moves`: the folder is of another
/// topology than the savepoint; output that is prepared in it stays that one's to commit. Errors: those of
/// `read_savepoint` and `open_snapshot_store`. Thread: any one, while nobody else has the data folder.
[[nodiscard]] result<savepoint> start_from_savepoint(const std::filesystem::path& savepoint_folder,
                                                     const std::filesystem::path& data_folder, bool moves);

/// Whether the event log in a data folder still has what logged producers would have to give again behind the
/// savepoint. `tasks`: these producers' partitions. errc::truncated names one whose events are gone. Errors of
/// `read_savepoint` and `open_event_log`. Thread: any, while nobody else has the folder.
[[nodiscard]] result<void> check_log_reaches(const std::filesystem::path& savepoint_folder,
                                             const std::filesystem::path& data_folder,
                                             const std::vector<std::string>& tasks);

/// The newest epoch that is committed in a data folder; 0: none, or no such folder. Thread: any, while nobody else has
/// the folder.
[[nodiscard]] result<epoch_id> newest_committed(const std::filesystem::path& data_folder);

/// Deletes it. `not_found` when there is none: other folders are left alone.
[[nodiscard]] result<void> remove_savepoint(const std::filesystem::path& folder);

}  // namespace millrace::persistence
