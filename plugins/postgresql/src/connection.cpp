#include "connection.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>

namespace millrace::postgresql {

namespace {

std::string trimmed(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  std::erase(out, '\t');
  return out;
}

/// The server is starting, stopping or gone, or wants the transaction again.
bool is_passing(std::string_view state) {
  return state.starts_with("08") || state.starts_with("57P") || state == "40001" || state == "40P01" ||
         state == "53300" || state == "55P03";
}

}  // namespace

void answer::clearer::operator()(pg_result* r) const noexcept {
  PQclear(r);
}
int answer::size() const {
  return PQntuples(handle_.get());
}
int answer::columns() const {
  return PQnfields(handle_.get());
}
bool answer::is_null(int row, int column) const {
  return PQgetisnull(handle_.get(), row, column) != 0;
}
std::string_view answer::at(int row, int column) const {
  return {PQgetvalue(handle_.get(), row, column), static_cast<std::size_t>(PQgetlength(handle_.get(), row, column))};
}
std::int64_t answer::changed() const {
  const std::string_view text = PQcmdTuples(handle_.get());
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

void connection::closer::operator()(pg_conn* c) const noexcept {
  PQfinish(c);
}

result<void> connection::check(const std::string& settings) {
  char* why = nullptr;
  auto* const options = PQconninfoParse(settings.c_str(), &why);
  PQfreemem(why);  // which quotes from it, and so perhaps a password
  if (options != nullptr) {
    PQconninfoFree(options);
    return {};
  }
  return user_error(errc::invalid_argument,
                    "parameter 'connection': it cannot be read; "
                    "give e.g. \"host=db.example dbname=sales user=loader\" or "
                    "postgresql://loader@db.example/sales");
}

result<void> connection::open() {
  if (handle_ != nullptr && PQstatus(handle_.get()) == CONNECTION_OK) return {};
  // What stands in the connection string comes later and wins.
  const char* const names[] = {"connect_timeout", "tcp_user_timeout", "application_name", "dbname", nullptr};
  const char* const values[] = {"10", "30000", application_name_.c_str(), settings_.c_str(), nullptr};
  handle_.reset(PQconnectdbParams(names, values, 1));
  if (PQstatus(handle_.get()) != CONNECTION_OK) {
    auto text = trimmed(PQerrorMessage(handle_.get()));
    // Rights and names do not mend themselves, but a server that is starting may say so of them, too; the limit of the
    // retries tells.
    handle_.reset();
    return retryable_error(errc::unavailable,
                           "PostgreSQL cannot be reached: " + text + "; see 'connection' and that the server runs");
  }
  PQsetNoticeProcessor(
      handle_.get(), [](void*, const char*) {}, nullptr);
  place_ = std::string{PQdb(handle_.get())} + " on " + PQhost(handle_.get());
  const auto ready =
      run("SELECT set_config('lock_timeout', '30s', false), set_config('TimeZone', 'UTC', false), "
          "set_config('DateStyle', 'ISO', false), set_config('bytea_output', 'hex', false), "
          "set_config('client_encoding', 'UTF8', false), set_config('synchronous_commit', "
          "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
          "ELSE current_setting('synchronous_commit') END, false)");
  if (!ready) return ready.error();
  return {};
}

error connection::failure(const pg_result* r) {
  const char* const state = r == nullptr ? nullptr : PQresultErrorField(r, PG_DIAG_SQLSTATE);
  const std::string_view code = state == nullptr ? "" : state;
  const bool is_lost = handle_ == nullptr || PQstatus(handle_.get()) != CONNECTION_OK;
  auto text = place_ + ": " + trimmed(r == nullptr ? PQerrorMessage(handle_.get()) : PQresultErrorMessage(r));
  if (is_lost) close();
  if (is_lost || is_passing(code)) return retryable_error(errc::unavailable, text);
  if (code == "53100") return retryable_error(errc::disk_full, text + "; make room, nothing is lost meanwhile");
  if (code == "42501") return user_error(errc::read_only, text + "; GRANT the user of 'connection' what it needs");
  if (code.starts_with("XX") || code.starts_with("58")) return fatal_error(errc::io_error, text);
  return user_error(errc::invalid_argument, text);
}

result<answer> connection::run(const std::string& sql, const std::vector<std::string>& values) {
  if (handle_ == nullptr) return retryable_error(errc::unavailable, "there is no connection to PostgreSQL");
  std::vector<const char*> texts;
  for (const auto& v : values) texts.push_back(v.c_str());
  answer out;
  out.handle_.reset(PQexecParams(handle_.get(), sql.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(),
                                 nullptr, nullptr, 0));
  const auto status = PQresultStatus(out.handle_.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN) return out;
  return failure(out.handle_.get());
}

result<void> connection::copy_in(const std::string& sql, std::string_view text) {
  if (auto begun = run(sql); !begun) return begun.error();
  constexpr std::size_t piece_bytes = std::size_t{1} << 20;
  while (!text.empty()) {
    const auto piece = text.substr(0, piece_bytes);
    if (PQputCopyData(handle_.get(), piece.data(), static_cast<int>(piece.size())) != 1) return failure(nullptr);
    text.remove_prefix(piece.size());
  }
  if (PQputCopyEnd(handle_.get(), nullptr) != 1) return failure(nullptr);
  result<void> out;
  while (auto* const next = PQgetResult(handle_.get())) {
    answer r;
    r.handle_.reset(next);
    if (PQresultStatus(next) == PGRES_COMMAND_OK || !out) continue;
    out = failure(next);
    if (handle_ == nullptr) break;
  }
  return out;
}

result<void> connection::in_transaction(const std::function<result<void>()>& work) {
  if (auto begun = run("BEGIN"); !begun) return begun.error();
  auto done = work();
  if (done) {
    const auto committed = run("COMMIT");
    if (!committed) done = committed.error();
  }
  // A session that cannot even roll back is of no use any more.
  if (!done && is_open() && !run("ROLLBACK")) close();
  return done;
}

std::string identifier(std::string_view name) {
  std::string out{"\""};
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

}  // namespace millrace::postgresql
