#include "candidate.hpp"

#include <libpq-fe.h>

#include <stdexcept>

namespace postgresql_tests {

namespace {

using connection_ptr = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using result_ptr = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string database_of(const std::filesystem::path& folder) {
  return "trial_" + folder.filename().string();
}

result_ptr query(const server& s, const std::string& database, const std::string& sql) {
  s.wait_until_ready();
  const connection_ptr c{PQconnectdb(s.connection(database).c_str()), PQfinish};
  result_ptr r{PQexec(c.get(), sql.c_str()), PQclear};
  const auto status = PQresultStatus(r.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return r;
  const char* const state = PQresultErrorField(r.get(), PG_DIAG_SQLSTATE);
  if (state != nullptr && std::string{state} == "42P01") return {nullptr, PQclear};  // no such table yet
  throw std::runtime_error(sql + ": " + PQerrorMessage(c.get()));
}

}  // namespace

std::string candidate::name() const {
  constexpr const char* names[] = {"postgresql", "postgresql_upsert", "postgresql_server_dies"};
  return names[static_cast<std::size_t>(kind_)];
}

void candidate::begin(const std::filesystem::path& folder) {
  if (!server_) server_ = std::make_unique<server>();
  (void)query(*server_, "postgres", "CREATE DATABASE \"" + database_of(folder) + "\"");
}

void candidate::end(const std::filesystem::path& folder) {
  (void)query(*server_, "postgres", "DROP DATABASE \"" + database_of(folder) + "\" WITH (FORCE)");
}

void candidate::add_to(millrace::topology& t, const std::filesystem::path& folder) const {
  auto& a = t.add("target", "postgresql.sink",
                  {{"connection", server_->connection(database_of(folder))},
                   {"table", std::string{"events"}},
                   {"time_format", std::string{"ns"}}},
                  2);
  if (kind_ == kind::upsert) {
    a.params["mode"] = std::string{"upsert"};
    a.params["key"] = std::string{"account"};
  }
}

std::vector<sinks::row> candidate::read(const std::filesystem::path& folder) const {
  std::vector<sinks::row> out;
  const auto found = query(*server_, database_of(folder), "SELECT id, account, number, amount, note, at FROM events");
  for (int i = 0; found != nullptr && i < PQntuples(found.get()); ++i) {
    const auto text = [&](int column) { return std::string{PQgetvalue(found.get(), i, column)}; };
    const auto has = [&](int column) { return PQgetisnull(found.get(), i, column) == 0; };
    sinks::row r{text(0), text(1), std::stoll(text(2)), {}, {}, std::stoll(text(5))};
    if (has(3)) r.amount = std::stod(text(3));
    if (has(4)) r.note = text(4);
    out.push_back(std::move(r));
  }
  return out;
}

std::uint64_t candidate::newest_visible_epoch(const std::filesystem::path& folder) const {
  const auto found = query(*server_, database_of(folder), "SELECT coalesce(max(epoch), 0) FROM millrace_ledger");
  return found == nullptr ? 0 : std::stoull(PQgetvalue(found.get(), 0, 0));
}

std::vector<support::kill_point> candidate::points() const {
  std::vector<support::kill_point> out{{"sink.staging", 3, 12}, {"sink.moved", 3, 12}, {"sink.rolled_forward", 1, 2}};
  if (kind_ != kind::upsert) {
    out.push_back({"sink.commit", 3, 12});
    out.push_back({"sink.committed", 3, 12});
  }
  return out;
}

void candidate::disturb() {
  // Twice in a life of a second, once while it starts up again and once when it is at work.
  constexpr int first = 60;
  constexpr int second = 300;
  ++steps_;
  if (kind_ == kind::dying_server && (steps_ == first || steps_ == second)) server_->kill();
}

}  // namespace postgresql_tests
