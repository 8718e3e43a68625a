#include "sqlite_candidate.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

#include "millrace/text/time_text.hpp"

namespace sinks {

namespace {

constexpr const char* file_name = "target.db";

/// The rows of a query, with what `take` makes of each; none while there is no file or table.
void each_row(const std::filesystem::path& file, const std::string& sql,
              const std::function<void(sqlite3_stmt*)>& take) {
  if (!std::filesystem::exists(file)) return;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> db{raw, sqlite3_close};
  if (code != SQLITE_OK) throw std::runtime_error("cannot open the target");
  sqlite3_stmt* s = nullptr;
  if (sqlite3_prepare_v2(raw, sql.c_str(), -1, &s, nullptr) != SQLITE_OK) {
    if (std::string{sqlite3_errmsg(raw)}.find("no such table") != std::string::npos) return;
    throw std::runtime_error(sqlite3_errmsg(raw));
  }
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{s, sqlite3_finalize};
  int step = sqlite3_step(s);
  for (; step == SQLITE_ROW; step = sqlite3_step(s)) take(s);
  if (step != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(raw));
}

std::string text(sqlite3_stmt* s, int column) {
  const auto* const t = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  return t == nullptr ? std::string{} : std::string{t, static_cast<std::size_t>(sqlite3_column_bytes(s, column))};
}

}  // namespace

void sqlite_candidate::add_to(millrace::topology& t, const std::filesystem::path& folder) const {
  auto& a = t.add("target", "millrace.sqlite_sink",
                  {{"path", (folder / file_name).string()}, {"table", std::string{"events"}}}, 2);
  if (upserts_) {
    a.params["mode"] = std::string{"upsert"};
    a.params["key"] = std::string{"account"};
  }
}

std::vector<row> sqlite_candidate::read(const std::filesystem::path& folder) const {
  std::vector<row> out;
  const auto take = [&](sqlite3_stmt* s) {
    row r{text(s, 0), text(s, 1), sqlite3_column_int64(s, 2), {}, {}, 0};
    if (sqlite3_column_type(s, 3) != SQLITE_NULL) r.amount = sqlite3_column_double(s, 3);
    if (sqlite3_column_type(s, 4) != SQLITE_NULL) r.note = text(s, 4);
    const auto at = millrace::parse_event_time(text(s, 5));
    r.at_ns = at ? at->ns : -1;
    out.push_back(std::move(r));
  };
  each_row(folder / file_name, "SELECT id, account, number, amount, note, at FROM events ORDER BY rowid", take);
  return out;
}

std::uint64_t sqlite_candidate::newest_visible_epoch(const std::filesystem::path& folder) const {
  std::uint64_t epoch = 0;
  each_row(folder / file_name, "SELECT coalesce(max(epoch), 0) FROM millrace_ledger",
           [&](sqlite3_stmt* s) { epoch = static_cast<std::uint64_t>(sqlite3_column_int64(s, 0)); });
  return epoch;
}

std::vector<support::kill_point> sqlite_candidate::points() const {
  return {{"sink.staging", 3, 12}, {"sink.moved", 3, 12}, {"sink.rolled_forward", 1, 2}};
}

}  // namespace sinks
