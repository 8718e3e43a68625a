#include "library/sinks/sqlite_stage.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "millrace/dynamic_batch.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::library {

using sqlite::identifier;

namespace {

/// The column of a staging table that numbers its rows.
constexpr const char* row_column = "millrace_row";

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + identifier(n);
  return out;
}

std::vector<std::string> field_names(const schema& s) {
  std::vector<std::string> out;
  for (const auto& f : s.fields) out.push_back(f.name);
  return out;
}

}  // namespace

sqlite_stage::sqlite_stage(sqlite::target_table target, std::string actor_name, std::uint32_t partition)
    : target_{std::move(target)}, actor_name_{std::move(actor_name)}, partition_{partition} {
  staging_ = "millrace_staged:" + target_.name + ':' + actor_name_ + ':' + std::to_string(partition_);
}

/// A statement whose first three parameters say whose rows are meant.
result<sqlite::statement> sqlite_stage::with_identity(const std::string& sql) {
  auto s = db_.prepare(sql);
  if (!s) return s;
  s->bind_text(1, actor_name_);
  s->bind_text(2, target_.name);
  s->bind(3, std::int64_t{partition_});
  return s;
}

result<void> sqlite_stage::open(const std::string& path, bool is_first_start) {
  // What is in the way of the folder, opening the file tells.
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  auto db = sqlite::connection::open(path, false);
  if (!db) return std::move(db).error();
  db_ = std::move(*db);
  auto t = sqlite::transaction::begin(db_);
  if (!t) return std::move(t).error();
  if (auto ok = sqlite::ensure_table(db_, target_); !ok) return ok;
  if (auto ok = make_ledger(); !ok) return ok;
  if (is_first_start) {
    if (auto ok = refuse_foreign_rows(); !ok) return ok;
  }
  return t->commit();
}

result<void> sqlite_stage::make_ledger() {
  return db_.run(
      "CREATE TABLE IF NOT EXISTS millrace_ledger (sink TEXT NOT NULL, target TEXT NOT NULL, "
      "part INTEGER NOT NULL, epoch INTEGER NOT NULL, last_row INTEGER NOT NULL, "
      "PRIMARY KEY (sink, target, part)) WITHOUT ROWID");
}

/// Nothing is committed before the first snapshot, so what the ledger knows is of another run.
result<void> sqlite_stage::refuse_foreign_rows() {
  auto s = db_.prepare("SELECT epoch FROM millrace_ledger WHERE sink = ?1 AND target = ?2");
  if (!s) return std::move(s).error();
  s->bind_text(1, actor_name_);
  s->bind_text(2, target_.name);
  const auto row = s->step();
  if (!row) return row.error();
  if (!*row) return {};
  return user_error(errc::already_exists,
                    "table '" + target_.name + "' in '" + db_.path() + "' holds output of an earlier run of '" +
                        actor_name_ +
                        "', and this run starts from the beginning: name another table or file, give the earlier run's "
                        "data directory to go on where that ended, or, to write behind those rows, DELETE FROM "
                        "millrace_ledger WHERE sink = '" +
                        actor_name_ + "' AND target = '" + target_.name + "'");
}

/// Anew: records may have other fields than when the table was made.
result<void> sqlite_stage::make_staging() {
  if (auto ok = db_.run("DROP TABLE IF EXISTS " + identifier(staging_)); !ok) return ok;
  std::string sql = "CREATE TABLE " + identifier(staging_) + " (" + identifier(row_column) + " INTEGER PRIMARY KEY";
  // Columns of the type that the target's have in the end keep what goes there.
  for (const auto& f : target_.fields->fields) {
    sql += ", " + identifier(f.name) + ' ' + sqlite::column_type(f.type, target_.times);
  }
  return db_.run(sql + ")");
}

result<void> sqlite_stage::number_rows() {
  auto s = with_identity("SELECT last_row FROM millrace_ledger WHERE sink = ?1 AND target = ?2 AND part = ?3");
  if (!s) return std::move(s).error();
  const auto row = s->step();
  if (!row) return row.error();
  next_row_ = *row ? s->integer(0) + 1 : 1;
  return {};
}

result<void> sqlite_stage::discard() {
  insert_ = {};
  auto t = sqlite::transaction::begin(db_);
  if (!t) return std::move(t).error();
  if (auto ok = make_staging(); !ok) return ok;
  if (auto ok = number_rows(); !ok) return ok;
  if (auto ok = t->commit(); !ok) return ok;
  std::string sql = "INSERT INTO " + identifier(staging_) + " (" + list_of(field_names(*target_.fields)) + ", " +
                    identifier(row_column) + ") VALUES (";
  for (std::size_t i = 0; i <= target_.fields->fields.size(); ++i) sql += i == 0 ? "?" : ", ?";
  auto insert = db_.prepare(sql + ")");
  if (!insert) return std::move(insert).error();
  insert_ = std::move(*insert);
  return {};
}

result<void> sqlite_stage::add(const batch& records) {
  auto t = sqlite::transaction::begin(db_);
  if (!t) return std::move(t).error();
  const int number = static_cast<int>(target_.fields->fields.size()) + 1;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    sqlite::bind_row(insert_, target_, record_view{records, i}.values(), scratch_);
    insert_.bind(number, next_row_ + i);
    if (auto ok = insert_.run(); !ok) return ok;
  }
  if (engine::fault_point("sink.staging") != engine::fault_action::proceed) {
    return retryable_error(errc::io_error, "staging rows failed on request");
  }
  if (auto ok = t->commit(); !ok) return ok;
  next_row_ += records.size();
  return {};
}

result<epoch_id> sqlite_stage::newest() {
  auto s = with_identity("SELECT epoch FROM millrace_ledger WHERE sink = ?1 AND target = ?2 AND part = ?3");
  if (!s) return std::move(s).error();
  const auto row = s->step();
  if (!row) return row.error();
  return epoch_id{*row ? static_cast<std::uint64_t>(s->integer(0)) : 0};
}

result<std::int64_t> sqlite_stage::count(const staged_rows& rows) {
  const auto columns = sqlite::column_names(db_, staging_);
  if (!columns) return columns.error();
  if (columns->empty()) return 0;
  auto s = db_.prepare("SELECT count(*) FROM " + identifier(staging_) + " WHERE " + identifier(row_column) +
                       " BETWEEN ?1 AND ?2");
  if (!s) return std::move(s).error();
  s->bind(1, rows.first);
  s->bind(2, rows.last);
  if (const auto row = s->step(); !row) return row.error();
  return s->integer(0);
}

result<void> sqlite_stage::move(const staged_rows& rows) {
  // By the staging table's own columns: it may be of a run whose records had fewer fields.
  auto columns = sqlite::column_names(db_, staging_);
  if (!columns) return columns.error();
  std::erase(*columns, row_column);
  const auto names = list_of(*columns);
  const auto range = " WHERE " + identifier(row_column) + " BETWEEN ?1 AND ?2";
  auto sql = "INSERT INTO " + identifier(target_.name) + " (" + names + ") SELECT " + names + " FROM " +
             identifier(staging_) + range + " ORDER BY " + identifier(row_column);
  if (!target_.keys.empty()) {
    std::string set;
    for (const auto& c : *columns) {
      if (std::ranges::find(target_.keys, c) != target_.keys.end()) continue;
      set += (set.empty() ? " DO UPDATE SET " : ", ") + identifier(c) + " = excluded." + identifier(c);
    }
    sql += " ON CONFLICT (" + list_of(target_.keys) + ")" + (set.empty() ? " DO NOTHING" : set);
  }
  for (const auto& text : {sql, "DELETE FROM " + identifier(staging_) + range}) {
    auto s = db_.prepare(text);
    if (!s) return std::move(s).error();
    s->bind(1, rows.first);
    s->bind(2, rows.last);
    if (auto ok = s->run(); !ok) return ok;
  }
  return {};
}

result<void> sqlite_stage::note(epoch_id epoch, const staged_rows& rows) {
  auto s = with_identity(
      "INSERT OR REPLACE INTO millrace_ledger (sink, target, part, epoch, last_row) "
      "VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!s) return std::move(s).error();
  s->bind(4, static_cast<std::int64_t>(epoch.value));
  s->bind(5, rows.last);
  return s->run();
}

result<void> sqlite_stage::commit(epoch_id epoch, const staged_rows& rows) {
  auto t = sqlite::transaction::begin(db_);
  if (!t) return std::move(t).error();
  const auto known = newest();
  if (!known) return known.error();
  const auto waiting = count(rows);
  if (!waiting) return waiting.error();
  if (epoch <= *known && *waiting == 0) return {};
  const auto who = "epoch " + std::to_string(epoch.value) + " of '" + actor_name_ + "' in '" + db_.path() + "'";
  if (epoch <= *known) {
    return fatal_error(errc::in_use, who + ": millrace_ledger says that epoch " + std::to_string(known->value) +
                                         " is in table '" + target_.name +
                                         "' already, so another run writes there under the same name; end it, and "
                                         "name another table");
  }
  if (*waiting != rows.count()) {
    return fatal_error(errc::corrupt, who + ": " + std::to_string(*waiting) + " of its " +
                                          std::to_string(rows.count()) + " rows are left in '" + staging_ +
                                          "'; somebody deleted them, or another run writes there under the same name");
  }
  if (auto ok = move(rows); !ok) return ok;
  if (auto ok = note(epoch, rows); !ok) return ok;
  if (engine::fault_point("sink.moved") == engine::fault_action::fail) {
    return retryable_error(errc::io_error, "moving rows failed on request");
  }
  return t->commit();
}

}  // namespace millrace::library
