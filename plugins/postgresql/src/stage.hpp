#pragma once

#include <string>
#include <vector>

#include "millrace/ids.hpp"
#include "table.hpp"

namespace millrace::postgresql {

/// Numbers of rows that wait for their snapshot.
struct staged_rows {
  std::int64_t first = 0;
  std::int64_t last = -1;
};
[[nodiscard]] std::string text_of(const staged_rows& rows);
/// Error (`corrupt`): the text is no handle.
[[nodiscard]] result<staged_rows> parse_staged_rows(const std::string& handle);

/// Rows of one sink's partition on their way into a table, so that each gets there exactly once.
///
/// In the target's schema lie a staging table for each partition and `millrace_ledger`, which holds the newest epoch of
/// each partition that is in the target. Every transaction first locks the staging table: what a session of a process
/// that died still does is over when the lock is given. All functions may be called again after `unavailable`, when
/// nobody knows whether they were done. Thread: one owner.
class stage {
public:
  stage() = default;
  stage(target_table target, std::string actor_name, std::uint32_t partition);

  /// Makes what is missing and holds the target against the fields. Errors: `already_exists` when a run from the
  /// beginning finds a ledger.
  [[nodiscard]] result<void> open(connection& c, bool is_first_start);
  /// Stages lines of COPY's text format whose numbers go from `rows.first` to `rows.last`; durable when it returns.
  [[nodiscard]] result<void> add(connection& c, const staged_rows& rows, const std::string& lines);
  /// Moves rows into the target unless the ledger says that they are there. Errors: `corrupt` when they are neither.
  [[nodiscard]] result<void> commit(connection& c, epoch_id epoch, const staged_rows& rows);
  /// Makes the staging table anew, behind the commits of a recovery and before the first `add`.
  [[nodiscard]] result<void> discard(connection& c);

  /// As of the last `discard`: the newest epoch in the target (0: none), and a number no row had yet.
  [[nodiscard]] epoch_id newest() const noexcept { return newest_; }
  [[nodiscard]] std::int64_t next_row() const noexcept { return next_row_; }
  [[nodiscard]] const target_table& target() const noexcept { return target_; }
  [[nodiscard]] const std::vector<column_limits>& limits() const noexcept { return limits_; }

private:
  [[nodiscard]] result<void> lock(connection& c);
  [[nodiscard]] result<void> read_ledger(connection& c);
  [[nodiscard]] result<void> move(connection& c, epoch_id epoch, const staged_rows& rows);
  [[nodiscard]] result<void> refuse_foreign_rows(connection& c);
  [[nodiscard]] std::string columns() const;
  [[nodiscard]] std::string upsert() const;
  [[nodiscard]] std::vector<std::string> identity() const;

  target_table target_;
  std::string actor_name_;
  std::uint32_t partition_ = 0;
  std::string staging_;  ///< quoted, with its schema
  std::string ledger_;   ///< the same
  std::vector<column_limits> limits_;
  epoch_id newest_{};
  std::int64_t next_row_ = 1;
};

}  // namespace millrace::postgresql
