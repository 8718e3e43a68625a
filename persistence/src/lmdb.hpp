#pragma once

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

/// A thin move-only layer over LMDB: handles that close themselves, errors as `result`.
namespace millrace::persistence::lmdb {

/// What `code` means for a user; `doing` and `folder` say what failed where. `bytes` were to be written (0: none),
/// which tells a full disk from other I/O errors, since LMDB reports both as EIO.
[[nodiscard]] error to_error(int code, std::string_view doing, const std::filesystem::path& folder,
                             std::uint64_t bytes = 0);

struct environment_options {
  std::uint64_t map_bytes = std::uint64_t{64} << 30;  ///< address space; halved until the system grants it
  unsigned databases_max = 8;
  bool read_only = false;
  bool scratch = false;    ///< nothing has to survive this process: commits do not wait for the disk
  bool is_shared = false;  ///< other processes write, too: what lies behind the last page may be theirs
};

/// One open folder with data.mdb. Commits are durable (default sync). One object per folder and process: LMDB does not
/// refuse a second one, but it would break the locks of the first. Thread: any; a transaction stays with its thread.
class environment {
public:
  /// Creates what is missing unless read-only. The file must have been checked before (see `check_file`): LMDB follows
  /// damaged page numbers out of its map.
  static result<std::shared_ptr<environment>> open(const std::filesystem::path& folder,
                                                   const environment_options& options);

  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() { mdb_env_close(handle_); }

  [[nodiscard]] MDB_env* handle() const noexcept { return handle_; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  /// Frees slots of readers whose process died, so that their pages can be reused.
  void clear_dead_readers() noexcept;
  /// Bytes inside the file that no snapshot uses: what can be written before the file grows.
  [[nodiscard]] std::uint64_t reusable_bytes() const;

  /// Gives back what a write that failed or died left behind the last page in use: on a full disk nothing else would.
  /// For the only writer, between transactions.
  void drop_unused_tail() noexcept;

private:
  environment(MDB_env* handle, std::filesystem::path folder, bool is_shared)
      : handle_(handle), is_shared_(is_shared), folder_(std::move(folder)) {}

  MDB_env* handle_;
  bool is_shared_;
  std::filesystem::path folder_;
};

/// A transaction; ends with `commit` or, when destroyed, as if it had never been.
///
/// Keeps its environment open. Views it hands out live until its end, or, in a writing one, until the next write.
class transaction {
public:
  enum class mode { read, write };

  static result<transaction> begin(std::shared_ptr<environment> env, mode how);

  transaction(transaction&& other) noexcept
      : env_(std::move(other.env_)), handle_(std::exchange(other.handle_, nullptr)), bytes_(other.bytes_) {}
  transaction& operator=(transaction&& other) noexcept;
  ~transaction() { abort(); }

  /// errc::not_found when the database is not there and `create` is false.
  result<MDB_dbi> open_database(const char* name, bool create);

  result<std::optional<bytes_view>> get(MDB_dbi database, bytes_view key);
  result<void> put(MDB_dbi database, bytes_view key, bytes_view value);
  /// Room for `bytes` under any key; to be filled before the next call.
  result<std::byte*> reserve(MDB_dbi database, bytes_view key, std::size_t bytes);
  /// Room for `bytes` under a key larger than all others; to be filled before the next call.
  result<std::byte*> append(MDB_dbi database, bytes_view key, std::size_t bytes);
  /// False when there was nothing.
  result<bool> erase(MDB_dbi database, bytes_view key);
  result<void> clear(MDB_dbi database);

  /// Gives the handle up first: LMDB frees it also when the commit fails.
  result<void> commit() &&;
  void abort() noexcept;

  [[nodiscard]] MDB_txn* handle() const noexcept { return handle_; }
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return bytes_; }

private:
  transaction(std::shared_ptr<environment> env, MDB_txn* handle) : env_(std::move(env)), handle_(handle) {}
  [[nodiscard]] error failure(int code, std::string_view doing) const;

  std::shared_ptr<environment> env_;
  MDB_txn* handle_ = nullptr;
  std::uint64_t bytes_ = 0;
};

struct entry {
  bytes_view key;
  bytes_view value;
};

/// Walks a database in key order. Must not outlive its transaction.
class cursor {
public:
  static result<cursor> open(transaction& in, MDB_dbi database);

  cursor(cursor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), folder_(std::move(other.folder_)) {}
  cursor& operator=(cursor&&) = delete;
  ~cursor();

  /// Nothing behind the last one.
  result<std::optional<entry>> first() { return move({}, MDB_FIRST); }
  result<std::optional<entry>> last() { return move({}, MDB_LAST); }
  result<std::optional<entry>> next() { return move({}, MDB_NEXT); }
  result<std::optional<entry>> previous() { return move({}, MDB_PREV); }
  /// The first one whose key is not less than `key`.
  result<std::optional<entry>> at_least(bytes_view key) { return move(key, MDB_SET_RANGE); }
  /// Erases the current one; `next` then gives the one after it.
  result<void> erase();

private:
  cursor(MDB_cursor* handle, std::filesystem::path folder) : handle_(handle), folder_(std::move(folder)) {}
  result<std::optional<entry>> move(bytes_view key, MDB_cursor_op operation);

  MDB_cursor* handle_;
  std::filesystem::path folder_;
};

}  // namespace millrace::persistence::lmdb
