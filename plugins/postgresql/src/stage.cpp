#include "stage.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "millrace/engine/fault_point.hpp"
#include "millrace/key_codec.hpp"

namespace millrace::postgresql {

namespace {

// NAMEDATALEN - 1
constexpr std::size_t name_bytes_max = 63;
// Any number will do as long as nobody else takes it: "millrace" in a phone's letters.
constexpr const char* setup_lock = "SELECT pg_advisory_xact_lock(64557223)";

std::string staging_name(const std::string& table, const std::string& actor, std::uint32_t partition) {
  auto name = "millrace_staged:" + table + ':' + actor + ':' + std::to_string(partition);
  if (name.size() <= name_bytes_max) return name;
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(key_hash(as_bytes(name))));
  return "millrace_staged:" + std::string{hash};
}

/// As a text in SQL.
std::string literal(const std::string& text) {
  std::string out{"'"};
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out += '\'';
}

result<void> done(const result<answer>& r) {
  return r ? result<void>{} : r.error();
}

std::int64_t number_of(std::string_view text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

}  // namespace

std::string text_of(const staged_rows& rows) {
  return "rows " + std::to_string(rows.first) + ' ' + std::to_string(rows.last);
}

result<staged_rows> parse_staged_rows(const std::string& handle) {
  constexpr std::string_view prefix = "rows ";
  staged_rows out;
  const char* const end = handle.data() + handle.size();
  if (handle.starts_with(prefix)) {
    const auto first = std::from_chars(handle.data() + prefix.size(), end, out.first);
    if (first.ec == std::errc{} && first.ptr != end && *first.ptr == ' ') {
      const auto last = std::from_chars(first.ptr + 1, end, out.last);
      if (last.ec == std::errc{} && last.ptr == end && out.first > 0 && out.last >= out.first) return out;
    }
  }
  return fatal_error(errc::corrupt, "the snapshot's handle '" + handle + "' is none of a sink that stages rows");
}

stage::stage(target_table target, std::string actor_name, std::uint32_t partition)
    : target_{std::move(target)}, actor_name_{std::move(actor_name)}, partition_{partition} {
  staging_ = target_.quoted(staging_name(target_.name, actor_name_, partition_));
  ledger_ = target_.quoted("millrace_ledger");
}

std::vector<std::string> stage::identity() const {
  return {actor_name_, target_.name, std::to_string(partition_)};
}

std::string stage::columns() const {
  std::string out;
  for (const auto& f : target_.fields->fields) out += (out.empty() ? "" : ", ") + identifier(f.name);
  return out;
}

result<void> stage::open(connection& c, bool is_first_start) {
  return c.in_transaction([&]() -> result<void> {
    // CREATE … IF NOT EXISTS fails when two sessions do it at the same time.
    if (auto ok = c.run(setup_lock); !ok) return ok.error();
    auto limits = ensure_table(c, target_);
    if (!limits) return std::move(limits).error();
    limits_ = std::move(*limits);
    auto ok =
        done(c.run("CREATE TABLE IF NOT EXISTS " + ledger_ +
                   " (sink text NOT NULL, target text NOT NULL, part bigint NOT NULL, epoch numeric(20) NOT NULL, "
                   "last_row bigint NOT NULL, PRIMARY KEY (sink, target, part))"));
    if (!ok) return ok;
    ok = done(c.run("CREATE TABLE IF NOT EXISTS " + staging_ + " (millrace_row bigint PRIMARY KEY)"));
    if (!ok || !is_first_start) return ok;
    return refuse_foreign_rows(c);
  });
}

/// Nothing is committed before the first snapshot, so what the ledger knows is of another run.
result<void> stage::refuse_foreign_rows(connection& c) {
  const auto found =
      c.run("SELECT 1 FROM " + ledger_ + " WHERE sink = $1 AND target = $2", {actor_name_, target_.name});
  if (!found) return found.error();
  if (found->size() == 0) return {};
  return user_error(errc::already_exists,
                    "table " + target_.quoted() + " of " + c.place() + " holds output of an earlier run of '" +
                        actor_name_ +
                        "', and this run starts from the beginning: name another table, give the earlier run's data "
                        "directory to go on where that ended, or, to write behind those rows, DELETE FROM " +
                        ledger_ + " WHERE sink = " + literal(actor_name_) + " AND target = " + literal(target_.name));
}

result<void> stage::lock(connection& c) {
  return done(c.run("LOCK TABLE " + staging_ + " IN ACCESS EXCLUSIVE MODE"));
}

result<void> stage::read_ledger(connection& c) {
  const auto found = c.run(
      "SELECT epoch, last_row FROM " + ledger_ + " WHERE sink = $1 AND target = $2 AND part = $3::bigint", identity());
  if (!found) return found.error();
  newest_ = {};
  next_row_ = 1;
  if (found->size() == 0) return {};
  newest_.value = static_cast<std::uint64_t>(number_of(found->at(0, 0)));
  next_row_ = number_of(found->at(0, 1)) + 1;
  return {};
}

result<void> stage::add(connection& c, const staged_rows& rows, const std::string& lines) {
  return c.in_transaction([&]() -> result<void> {
    if (auto ok = lock(c); !ok) return ok;
    // A call whose end was not heard of may have staged them already.
    auto ok =
        done(c.run("DELETE FROM " + staging_ + " WHERE millrace_row >= $1::bigint", {std::to_string(rows.first)}));
    if (!ok) return ok;
    ok = c.copy_in("COPY " + staging_ + " (millrace_row, " + columns() + ") FROM STDIN", lines);
    if (!ok) return ok;
    if (engine::fault_point("sink.staging") == engine::fault_action::fail) {
      return fatal_error(errc::io_error, "staging rows failed on request");
    }
    return {};
  });
}

std::string stage::upsert() const {
  if (target_.keys.empty()) return {};
  std::string keys;
  for (const auto& k : target_.keys) keys += (keys.empty() ? "" : ", ") + identifier(k);
  std::string set;
  for (const auto& f : target_.fields->fields) {
    if (std::ranges::find(target_.keys, f.name) != target_.keys.end()) continue;
    set += (set.empty() ? " DO UPDATE SET " : ", ") + identifier(f.name) + " = excluded." + identifier(f.name);
  }
  return " ON CONFLICT (" + keys + ")" + (set.empty() ? " DO NOTHING" : set);
}

/// In one statement, so that what is written is what is deleted.
result<void> stage::move(connection& c, epoch_id epoch, const staged_rows& rows) {
  // By the staging table's own columns: it may be of a run whose records had fewer fields.
  const auto found = c.run(
      "SELECT coalesce(string_agg(quote_ident(attname), ', ' ORDER BY attnum), '') FROM pg_attribute WHERE attrelid = "
      "to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attname <> 'millrace_row'",
      {staging_});
  if (!found) return found.error();
  const std::string list{found->at(0, 0)};
  // An upsert may touch a row only once in a statement: of each key, its last row.
  std::string keys;
  for (const auto& k : target_.keys) keys += identifier(k) + ", ";
  const auto source = keys.empty() ? "SELECT " + list + " FROM moved ORDER BY millrace_row"
                                   : "SELECT DISTINCT ON (" + keys.substr(0, keys.size() - 2) + ") " + list +
                                         " FROM moved ORDER BY " + keys + "millrace_row DESC";
  const auto moved = c.run("WITH moved AS (DELETE FROM " + staging_ +
                               " WHERE millrace_row BETWEEN $1::bigint AND $2::bigint RETURNING *), written AS "
                               "(INSERT INTO " +
                               target_.quoted() + " (" + list + ") " + source + upsert() +
                               " RETURNING 1) SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM written)",
                           {std::to_string(rows.first), std::to_string(rows.last)});
  if (!moved) return moved.error();
  const auto count = number_of(moved->at(0, 0));
  const auto wanted = rows.last - rows.first + 1;
  const auto who = "epoch " + std::to_string(epoch.value) + " of '" + actor_name_ + "' on " + c.place();
  if (epoch <= newest_ && count == 0) return {};
  if (epoch <= newest_) {
    return fatal_error(errc::in_use, who + ": " + ledger_ + " says that epoch " + std::to_string(newest_.value) +
                                         " is in table " + target_.quoted() +
                                         " already, so another run writes there under the same name; end it, and name "
                                         "another table");
  }
  if (count == wanted) return {};
  return fatal_error(errc::corrupt, who + ": " + std::to_string(count) + " of its " + std::to_string(wanted) +
                                        " rows are left in " + staging_ +
                                        "; somebody deleted them, or another run writes there under the same name");
}

result<void> stage::commit(connection& c, epoch_id epoch, const staged_rows& rows) {
  return c.in_transaction([&]() -> result<void> {
    if (auto ok = lock(c); !ok) return ok;
    const auto next = next_row_;
    auto ok = read_ledger(c);
    next_row_ = next;
    if (!ok) return ok;
    if (ok = move(c, epoch, rows); !ok) return ok;
    if (epoch <= newest_) return {};
    auto values = identity();
    values.push_back(std::to_string(epoch.value));
    values.push_back(std::to_string(rows.last));
    ok = done(
        c.run("INSERT INTO " + ledger_ +
                  " (sink, target, part, epoch, last_row) VALUES ($1, $2, $3::bigint, "
                  "$4::numeric, $5::bigint) ON CONFLICT (sink, target, part) DO UPDATE SET epoch = excluded.epoch, "
                  "last_row = excluded.last_row",
              values));
    if (!ok) return ok;
    if (engine::fault_point("sink.moved") == engine::fault_action::fail) {
      return fatal_error(errc::io_error, "moving rows failed on request");
    }
    return {};
  });
}

/// Anew, with the columns of the target's own types: what those refuse is refused when it is staged.
result<void> stage::discard(connection& c) {
  return c.in_transaction([&]() -> result<void> {
    if (auto ok = lock(c); !ok) return ok;
    if (auto ok = done(c.run("DROP TABLE " + staging_)); !ok) return ok;
    auto ok = done(c.run("CREATE TABLE " + staging_ + " AS SELECT 0::bigint AS millrace_row, " + columns() + " FROM " +
                         target_.quoted() + " WITH NO DATA"));
    if (!ok) return ok;
    ok = done(c.run("ALTER TABLE " + staging_ + " ADD PRIMARY KEY (millrace_row)"));
    if (!ok) return ok;
    return read_ledger(c);
  });
}

}  // namespace millrace::postgresql
