#include "library/sql/sqlite.hpp"

#include <sqlite3.h>

namespace millrace::library::sqlite {

namespace {

error failure(sqlite3* db, const std::string& path) {
  const int code = db == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db);
  const std::string text = "database '" + path + "': " + (db == nullptr ? "out of memory" : sqlite3_errmsg(db));
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return retryable_error(errc::unavailable, text + " for " + std::to_string(busy_max.count() / 1000) +
                                                    " s; end the program that holds it in a transaction");
    case SQLITE_FULL:
      return retryable_error(errc::disk_full, text + "; make room, nothing is lost meanwhile");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return user_error(errc::read_only, text + "; give the file and its folder to the user that runs this");
    case SQLITE_CANTOPEN:
      return user_error(errc::not_found, text + "; see that its folder is there and this user may use both");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fatal_error(errc::corrupt, text + "; restore the file from a backup, or name another");
    case SQLITE_IOERR:
      return retryable_error(errc::io_error, text);
    default:
      return user_error(errc::invalid_argument, text);
  }
}

}  // namespace

void statement::finalizer::operator()(sqlite3_stmt* s) const noexcept {
  sqlite3_finalize(s);
}

void statement::bind(int index, std::int64_t v) {
  sqlite3_bind_int64(handle_.get(), index, v);
}
void statement::bind(int index, double v) {
  sqlite3_bind_double(handle_.get(), index, v);
}
// A null pointer would bind NULL, and the empty text has one.
void statement::bind_text(int index, std::string_view v) {
  sqlite3_bind_text64(handle_.get(), index, v.empty() ? "" : v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void statement::bind_bytes(int index, bytes_view v) {
  sqlite3_bind_blob64(handle_.get(), index, v.empty() ? static_cast<const void*>("") : v.data(), v.size(),
                      SQLITE_STATIC);
}
void statement::bind_null(int index) {
  sqlite3_bind_null(handle_.get(), index);
}

result<bool> statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto why = failure(sqlite3_db_handle(handle_.get()), path_);
  sqlite3_reset(handle_.get());
  return why;
}

result<void> statement::run() {
  for (;;) {
    auto more = step();
    if (!more) return std::move(more).error();
    if (!*more) break;
  }
  reset();
  return {};
}

void statement::reset() {
  sqlite3_reset(handle_.get());
}

int statement::columns() const {
  return sqlite3_column_count(handle_.get());
}
std::string statement::column_name(int index) const {
  const char* const name = sqlite3_column_name(handle_.get(), index);
  return name == nullptr ? std::string{} : std::string{name};
}
std::int64_t statement::integer(int index) const {
  return sqlite3_column_int64(handle_.get(), index);
}
std::string statement::text(int index) const {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), index));
  return text == nullptr ? std::string{}
                         : std::string{text, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), index))};
}

value statement::at(int index) const {
  auto* const s = handle_.get();
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(s, index)); };
  switch (sqlite3_column_type(s, index)) {
    case SQLITE_INTEGER:
      return value::of(std::int64_t{sqlite3_column_int64(s, index)});
    case SQLITE_FLOAT:
      return value::of(sqlite3_column_double(s, index));
    case SQLITE_TEXT: {
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(s, index));
      return value::of(std::string_view{text, size()});
    }
    case SQLITE_BLOB: {
      const auto* const bytes = static_cast<const std::byte*>(sqlite3_column_blob(s, index));
      return value::of(bytes_view{bytes, size()});
    }
    default:
      return {};
  }
}

void connection::closer::operator()(sqlite3* db) const noexcept {
  sqlite3_close_v2(db);
}

result<connection> connection::open(const std::string& path, bool is_read_only) {
  sqlite3* raw = nullptr;
  const int flags = is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  connection c;
  c.handle_.reset(raw);
  c.path_ = path;
  if (code != SQLITE_OK) return failure(raw, path);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, static_cast<int>(busy_max.count()));
  if (is_read_only) return c;
  if (auto ok = c.use_write_ahead_log(); !ok) return std::move(ok).error();
  // FULL: a commit is on the disk, not only in the system's hands.
  if (auto ok = c.run("PRAGMA synchronous = FULL"); !ok) return std::move(ok).error();
  return c;
}

/// SQLite does not wait for a lock here whenever waiting might never end, so several partitions that make the same
/// file at the same time try again.
result<void> connection::use_write_ahead_log() {
  constexpr int pause_ms = 20;
  auto tries = busy_max.count() / pause_ms;
  for (;;) {
    auto mode = ask("PRAGMA journal_mode = WAL");
    if (mode && *mode == "wal") return {};
    if (mode) {
      return user_error(errc::invalid_argument, "database '" + path_ + "' cannot have a write-ahead log (it says '" +
                                                    *mode + "'): put it on a local disk");
    }
    if (mode.error().code != errc::unavailable || --tries <= 0) return std::move(mode).error();
    sqlite3_sleep(pause_ms);
  }
}

result<void> connection::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure(handle_.get(), path_);
}

result<statement> connection::prepare(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size()) + 1, 0, &raw, nullptr) != SQLITE_OK) {
    return failure(handle_.get(), path_);
  }
  statement s;
  s.handle_.reset(raw);
  s.path_ = path_;
  return s;
}

result<std::string> connection::ask(const std::string& sql) {
  auto s = prepare(sql);
  if (!s) return std::move(s).error();
  auto row = s->step();
  if (!row) return std::move(row).error();
  return *row ? s->text(0) : std::string{};
}

result<transaction> transaction::begin(connection& c) {
  if (auto ok = c.run("BEGIN IMMEDIATE"); !ok) return std::move(ok).error();
  return transaction{c};
}

transaction::~transaction() {
  // It may have ended by itself, after an error; then there is nothing to roll back.
  if (connection_ != nullptr) (void)connection_->run("ROLLBACK");
}

result<void> transaction::commit() {
  if (auto ok = connection_->run("COMMIT"); !ok) return ok;
  connection_ = nullptr;
  return {};
}

std::string identifier(std::string_view name) {
  std::string out{"\""};
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

}  // namespace millrace::library::sqlite
