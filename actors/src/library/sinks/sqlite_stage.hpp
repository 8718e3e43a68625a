#pragma once

#include <string>

#include "library/sinks/staged_rows.hpp"
#include "library/sql/sqlite_table.hpp"
#include "millrace/batch.hpp"
#include "millrace/ids.hpp"

namespace millrace::library {

/// Rows of one sink's partition on their way into a table of SQLite, so that each gets there exactly once.
///
/// In the same file lie the target, a staging table for each partition, `millrace_staged:<table>:<actor>:<partition>`,
/// and `millrace_ledger`, which holds the newest epoch of each partition that is in the target. `add` makes rows
/// durable in the staging table; `commit` moves those of an epoch and notes it, in one transaction, so a crash finds
/// either nothing or all of it done. Thread: one owner.
class sqlite_stage {
public:
  sqlite_stage() = default;
  sqlite_stage(sqlite::target_table target, std::string actor_name, std::uint32_t partition);

  /// Opens the file and makes what is missing. Errors: `in_use` when a run from the beginning finds a ledger.
  [[nodiscard]] result<void> open(const std::string& path, bool is_first_start);
  /// Appends records of the target's fields; durable when it returns.
  [[nodiscard]] result<void> add(const batch& records);
  /// Moves rows into the target unless the ledger says that they are there. Errors: `corrupt` when they are neither.
  [[nodiscard]] result<void> commit(epoch_id epoch, const staged_rows& rows);
  /// Forgets all staged rows; to be called before the first `add`, behind the commits of a recovery.
  [[nodiscard]] result<void> discard();

  /// The newest epoch in the target; 0: none.
  [[nodiscard]] result<epoch_id> newest();
  /// The number the next row gets. Never one that the ledger knows.
  [[nodiscard]] std::int64_t next_row() const noexcept { return next_row_; }
  [[nodiscard]] result<std::vector<bool>> not_null_columns() { return sqlite::not_null_columns(db_, target_); }

private:
  [[nodiscard]] result<void> make_ledger();
  [[nodiscard]] result<void> refuse_foreign_rows();
  [[nodiscard]] result<void> make_staging();
  [[nodiscard]] result<void> number_rows();
  [[nodiscard]] result<std::int64_t> count(const staged_rows& rows);
  [[nodiscard]] result<void> move(const staged_rows& rows);
  [[nodiscard]] result<void> note(epoch_id epoch, const staged_rows& rows);
  [[nodiscard]] result<sqlite::statement> with_identity(const std::string& sql);

  sqlite::target_table target_;
  std::string actor_name_;
  std::uint32_t partition_ = 0;
  std::string staging_;  ///< name of the staging table
  sqlite::connection db_;
  sqlite::statement insert_;
  std::int64_t next_row_ = 1;
  std::vector<std::string> scratch_;
};

}  // namespace millrace::library
