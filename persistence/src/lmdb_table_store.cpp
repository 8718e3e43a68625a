#include "lmdb_table_store.hpp"

#include <algorithm>
#include <map>

#include "millrace/persistence/data_folder.hpp"
#include "lmdb_check.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::persistence {

using lmdb::cursor;
using lmdb::environment;
using lmdb::transaction;

namespace {

constexpr const char* tables_name = "tables";
constexpr char separator = '\x1f';
constexpr std::size_t crc_bytes = 4;

std::string rows_name(const std::string& table) {
  return "rows:" + table;
}

std::string text_of(const table_declaration& t) {
  auto out = t.fields;
  for (const auto& k : t.key) out += separator + k;
  return out;
}

table_declaration parse(bytes_view name, bytes_view text) {
  table_declaration out{std::string{as_text(name)}, {}, {}};
  auto rest = as_text(text);
  for (bool is_first = true;; is_first = false) {
    const auto end = rest.find(separator);
    const std::string part{rest.substr(0, end)};
    if (is_first) {
      out.fields = part;
    } else {
      out.key.push_back(part);
    }
    if (end == rest.npos) return out;
    rest.remove_prefix(end + 1);
  }
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

// LMDB breaks when a process opens the same folder twice, and two partitions of a sink write to one.
std::mutex shared_lock;
std::map<std::filesystem::path, std::weak_ptr<lmdb_table_store>> shared_stores;

}  // namespace

result<std::shared_ptr<table_store>> open_table_store(const std::filesystem::path& folder, bool is_read_only) {
  if (!is_read_only) {
    if (auto made = make_folder(folder); !made) return std::move(made).error();
  }
  std::error_code missing;
  const auto place = std::filesystem::canonical(folder, missing);
  if (missing || (is_read_only && !std::filesystem::exists(place / "data.mdb"))) {
    return user_error(errc::not_found,
                      folder.string() +
                          ": there are no tables; give the folder that 'path' of a millrace.table_sink "
                          "names, once it has run");
  }
  const std::lock_guard lock{shared_lock};
  auto& shared = shared_stores[place];
  if (auto store = shared.lock()) return std::shared_ptr<table_store>{std::move(store)};
  auto opened = lmdb_table_store::open(place, is_read_only);
  if (!opened) return std::move(opened).error();
  shared = *opened;
  return std::shared_ptr<table_store>{std::move(opened).value()};
}

result<std::shared_ptr<lmdb_table_store>> lmdb_table_store::open(const std::filesystem::path& folder,
                                                                 bool is_read_only) {
  if (auto checked = lmdb::check_file(folder); !checked) {
    auto why = std::move(checked).error();
    why.message += "; restore it from a backup, or let the topology write it again from the beginning";
    return why;
  }
  lmdb::environment_options options;
  options.databases_max = table_store::tables_max + 1;
  options.read_only = is_read_only;
  options.is_shared = true;
  auto env = environment::open(folder, options);
  if (!env) return std::move(env).error();
  if (!is_read_only) {
    if (auto synced = sync_folder(folder); !synced) return std::move(synced).error();
    if (auto synced = sync_folder(folder.parent_path()); !synced) return std::move(synced).error();
  }
  return std::shared_ptr<lmdb_table_store>(new lmdb_table_store(std::move(env).value()));
}

result<std::vector<table_declaration>> lmdb_table_store::read_declarations(transaction& t, MDB_dbi tables) const {
  auto at = cursor::open(t, tables);
  if (!at) return std::move(at).error();
  std::vector<table_declaration> out;
  for (auto entry = at->first();; entry = at->next()) {
    if (!entry) return std::move(entry).error();
    if (!*entry) return out;
    out.push_back(parse((*entry)->key, (*entry)->value));
  }
}

error lmdb_table_store::unknown_table(const std::string& table, const std::vector<table_declaration>& known) const {
  std::vector<std::string> names;
  for (const auto& t : known) names.push_back(t.name);
  return user_error(errc::not_found,
                    "there is no table '" + table + "' in '" + env_->folder().string() + "'" +
                        (names.empty() ? std::string{", and no other one"} : "; there are: " + list_of(names)));
}

result<void> lmdb_table_store::declare(const table_declaration& t) {
  const std::lock_guard lock{opening_};
  auto txn = transaction::begin(env_, transaction::mode::write);
  if (!txn) return std::move(txn).error();
  auto tables = txn->open_database(tables_name, true);
  if (!tables) return std::move(tables).error();
  const auto known = read_declarations(*txn, *tables);
  if (!known) return known.error();
  const auto at = std::ranges::find(*known, t.name, &table_declaration::name);
  if (at != known->end()) {
    if (at->fields == t.fields && at->key == t.key) return {};
    return user_error(errc::schema_mismatch, "table '" + t.name + "' in '" + env_->folder().string() + "' has " +
                                                 at->fields + " by " + list_of(at->key) + ", the records have " +
                                                 t.fields + " by " + list_of(t.key) + ": name another table or folder");
  }
  if (known->size() >= tables_max) {
    return user_error(errc::limit_exceeded, "'" + env_->folder().string() + "' has " + std::to_string(known->size()) +
                                                " tables, the most there may be: name another folder");
  }
  if (auto made = txn->open_database(rows_name(t.name).c_str(), true); !made) return std::move(made).error();
  if (auto ok = txn->put(*tables, as_bytes(t.name), as_bytes(text_of(t))); !ok) return ok;
  return std::move(*txn).commit();
}

result<MDB_dbi> lmdb_table_store::rows_of(transaction& t, const std::string& table) const {
  auto rows = t.open_database(rows_name(table).c_str(), false);
  if (rows || rows.error().code != errc::not_found) return rows;
  auto tables = t.open_database(tables_name, false);
  if (!tables) return unknown_table(table, {});
  const auto known = read_declarations(t, *tables);
  if (!known) return known.error();
  return unknown_table(table, *known);
}

result<void> lmdb_table_store::put(const std::string& table, std::span<const table_row> rows) {
  const std::lock_guard lock{opening_};
  auto t = transaction::begin(env_, transaction::mode::write);
  if (!t) return std::move(t).error();
  const auto database = rows_of(*t, table);
  if (!database) return database.error();
  for (const auto& row : rows) {
    auto room = t->reserve(*database, as_bytes(row.key), crc_bytes + row.value.size());
    if (!room) return std::move(room).error();
    detail::store_big_endian(*room, crc32c(as_bytes(row.value)));
    std::copy_n(as_bytes(row.value).data(), row.value.size(), *room + crc_bytes);
  }
  if (engine::fault_point("sink.table_put") != engine::fault_action::proceed) {
    return retryable_error(errc::io_error, "writing rows failed on request");
  }
  return std::move(*t).commit();
}

result<std::vector<table_declaration>> lmdb_table_store::tables() {
  const std::lock_guard lock{opening_};
  auto t = transaction::begin(env_, transaction::mode::read);
  if (!t) return std::move(t).error();
  const auto tables = t->open_database(tables_name, false);
  if (!tables) return std::vector<table_declaration>{};
  return read_declarations(*t, *tables);
}

result<table_declaration> lmdb_table_store::describe(const std::string& table) {
  const auto known = tables();
  if (!known) return known.error();
  const auto at = std::ranges::find(*known, table, &table_declaration::name);
  if (at == known->end()) return unknown_table(table, *known);
  return *at;
}

result<std::uint64_t> lmdb_table_store::count(const std::string& table) {
  const std::lock_guard lock{opening_};
  auto t = transaction::begin(env_, transaction::mode::read);
  if (!t) return std::move(t).error();
  const auto rows = rows_of(*t, table);
  if (!rows) return rows.error();
  MDB_stat stat{};
  if (const int code = mdb_stat(t->handle(), *rows, &stat); code != 0) {
    return lmdb::to_error(code, "cannot read", env_->folder());
  }
  return std::uint64_t{stat.ms_entries};
}

result<std::string> lmdb_table_store::checked(bytes_view stored, const std::string& table) const {
  const auto value = stored.size() < crc_bytes ? bytes_view{} : stored.subspan(crc_bytes);
  if (stored.size() >= crc_bytes && detail::load_big_endian<std::uint32_t>(stored.data()) == crc32c(value)) {
    return std::string{as_text(value)};
  }
  return fatal_error(errc::corrupt, "a row of table '" + table + "' in '" + env_->folder().string() +
                                        "' does not have its checksum: restore the folder from a backup, or let the "
                                        "topology write it again from the beginning");
}

result<std::optional<std::string>> lmdb_table_store::get(const std::string& table, const std::string& key) {
  const std::lock_guard lock{opening_};
  auto t = transaction::begin(env_, transaction::mode::read);
  if (!t) return std::move(t).error();
  const auto rows = rows_of(*t, table);
  if (!rows) return rows.error();
  const auto found = t->get(*rows, as_bytes(key));
  if (!found) return found.error();
  if (!*found) return std::optional<std::string>{};
  auto value = checked(**found, table);
  if (!value) return std::move(value).error();
  return std::optional<std::string>{std::move(value).value()};
}

result<std::vector<table_row>> lmdb_table_store::scan(const std::string& table, const std::string& from,
                                                      std::size_t max) {
  const std::lock_guard lock{opening_};
  auto t = transaction::begin(env_, transaction::mode::read);
  if (!t) return std::move(t).error();
  const auto rows = rows_of(*t, table);
  if (!rows) return rows.error();
  auto at = cursor::open(*t, *rows);
  if (!at) return std::move(at).error();
  std::vector<table_row> out;
  // LMDB knows no empty key.
  for (auto entry = from.empty() ? at->first() : at->at_least(as_bytes(from)); out.size() < max; entry = at->next()) {
    if (!entry) return std::move(entry).error();
    if (!*entry) break;
    auto value = checked((*entry)->value, table);
    if (!value) return std::move(value).error();
    out.push_back({std::string{as_text((*entry)->key)}, std::move(value).value()});
  }
  return out;
}

}  // namespace millrace::persistence
