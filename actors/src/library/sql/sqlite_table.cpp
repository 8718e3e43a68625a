#include "library/sql/sqlite_table.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

namespace millrace::library::sqlite {

namespace {

// SQLite's own limit, SQLITE_MAX_COLUMN.
constexpr std::size_t columns_max = 2000;

/// What SQLite makes of a declared type (section 3.1 of its "Datatypes In SQLite").
enum class affinity : unsigned char { integer, text, none, real, numeric };

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

affinity affinity_of(const std::string& declared) {
  const auto type = upper(declared);
  const auto has = [&](const char* part) { return type.find(part) != std::string::npos; };
  if (has("INT")) return affinity::integer;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return affinity::text;
  if (type.empty() || has("BLOB") || type == "ANY") return affinity::none;
  if (has("REAL") || has("FLOA") || has("DOUB")) return affinity::real;
  return affinity::numeric;
}

/// True when the column gives back what was put in.
bool keeps(affinity a, const field_type& type, const std::string& wanted) {
  if (a == affinity::none) return true;
  if (wanted == "INTEGER") return a == affinity::integer || a == affinity::numeric;
  if (wanted == "REAL") return a == affinity::real || a == affinity::numeric;
  if (wanted == "BLOB") return false;
  // DATETIME and DECIMAL are numeric: times stay texts there, decimals keep their value.
  const bool is_number_like = type.kind == field_kind::event_time || type.kind == field_kind::decimal;
  return a == affinity::text || (is_number_like && a == affinity::numeric);
}

struct column {
  std::string name;
  std::string declared;
  bool is_not_null = false;
  bool has_default = false;
  bool is_key = false;
};

result<std::vector<column>> columns_of(connection& c, const std::string& table) {
  auto s = c.prepare("SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk FROM pragma_table_info(?1)");
  if (!s) return std::move(s).error();
  s->bind_text(1, table);
  std::vector<column> out;
  for (;;) {
    auto row = s->step();
    if (!row) return std::move(row).error();
    if (!*row) return out;
    out.push_back({s->text(0), s->text(1), s->integer(2) != 0, s->integer(3) != 0, s->integer(4) != 0});
  }
}

const column* find(const std::vector<column>& columns, const std::string& name) {
  const auto at = std::ranges::find_if(columns, [&](const column& c) { return upper(c.name) == upper(name); });
  return at == columns.end() ? nullptr : &*at;
}

std::string place(const connection& c, const target_table& t) {
  return "table '" + t.name + "' in '" + c.path() + "'";
}

result<void> create(connection& c, const target_table& t) {
  std::string sql = "CREATE TABLE " + identifier(t.name) + " (";
  for (const auto& f : t.fields->fields) {
    if (sql.back() != '(') sql += ", ";
    sql += identifier(f.name) + ' ' + column_type(f.type, t.times);
    // SQLite stores NaN as NULL.
    const bool may_be_nan = f.type.kind == field_kind::float32 || f.type.kind == field_kind::float64;
    if (!f.type.optional && !may_be_nan) sql += " NOT NULL";
  }
  for (std::size_t i = 0; i < t.keys.size(); ++i) sql += (i == 0 ? ", PRIMARY KEY (" : ", ") + identifier(t.keys[i]);
  return c.run(sql + (t.keys.empty() ? ")" : "))"));
}

result<void> check_columns(const connection& c, const target_table& t, const std::vector<column>& columns) {
  for (const auto& f : t.fields->fields) {
    const std::string wanted = column_type(f.type, t.times);
    const auto* at = find(columns, f.name);
    if (at == nullptr) {
      return user_error(errc::schema_mismatch, place(c, t) + " has no column for the field '" + f.name + "' (" +
                                                   to_text(f.type) + "): ALTER TABLE " + identifier(t.name) +
                                                   " ADD COLUMN " + identifier(f.name) + ' ' + wanted +
                                                   ", or name another table");
    }
    if (!keeps(affinity_of(at->declared), f.type, wanted)) {
      return user_error(errc::schema_mismatch, "column '" + at->name + "' of " + place(c, t) + " is declared " +
                                                   at->declared + ", which does not keep the field '" + f.name + "' (" +
                                                   to_text(f.type) + "): it wants " + wanted +
                                                   "; convert the field before, or name another table");
    }
  }
  for (const auto& column : columns) {
    const bool is_filled = column.has_default || !column.is_not_null || t.fields->find(column.name).has_value();
    const bool is_row_id = column.is_key && affinity_of(column.declared) == affinity::integer;
    const bool is_field =
        std::ranges::any_of(t.fields->fields, [&](const field& f) { return upper(f.name) == upper(column.name); });
    if (is_filled || is_row_id || is_field) continue;
    return user_error(errc::schema_mismatch, "column '" + column.name + "' of " + place(c, t) +
                                                 " must not be NULL and no field fills it: give it a default, or add "
                                                 "the field to the records");
  }
  return {};
}

/// An upsert needs SQLite to know that there is one row a key.
result<void> check_unique(connection& c, const target_table& t, const std::vector<column>& columns) {
  std::set<std::string> wanted;
  for (const auto& k : t.keys) wanted.insert(upper(k));
  std::set<std::string> primary;
  for (const auto& column : columns) {
    if (column.is_key) primary.insert(upper(column.name));
  }
  if (primary == wanted) return {};
  auto s = c.prepare(
      "SELECT group_concat(upper(i.name), char(31)) FROM pragma_index_list(?1) AS l, pragma_index_info(l.name) AS i "
      "WHERE l.\"unique\" AND NOT l.partial GROUP BY l.name HAVING count(*) = count(i.name)");
  if (!s) return std::move(s).error();
  s->bind_text(1, t.name);
  for (;;) {
    auto row = s->step();
    if (!row) return std::move(row).error();
    if (!*row) break;
    std::set<std::string> found;
    const auto names = s->text(0);
    for (std::size_t from = 0; from <= names.size();) {
      const auto end = std::min(names.find('\x1f', from), names.size());
      found.insert(names.substr(from, end - from));
      from = end + 1;
    }
    if (found == wanted) return {};
  }
  std::string list;
  for (const auto& k : t.keys) list += (list.empty() ? "" : ", ") + identifier(k);
  return user_error(errc::schema_mismatch, place(c, t) + " has no primary key or unique index of exactly (" + list +
                                               "), which 'key' names: CREATE UNIQUE INDEX ON " + identifier(t.name) +
                                               " (" + list + "), or change 'key'");
}

}  // namespace

const char* column_type(const field_type& type, time_format times) noexcept {
  switch (type.kind) {
    case field_kind::boolean:
    case field_kind::integer:
    case field_kind::enumeration:
      return "INTEGER";
    case field_kind::float32:
    case field_kind::float64:
      return "REAL";
    case field_kind::bytes:
      return "BLOB";
    case field_kind::event_time:
      return times == time_format::ns ? "INTEGER" : "TEXT";
    default:
      return "TEXT";
  }
}

result<void> check_names(const target_table& t) {
  if (t.fields->fields.size() > columns_max) {
    return user_error(errc::limit_exceeded, "a table of SQLite has at most " + std::to_string(columns_max) +
                                                " columns, the records have " +
                                                std::to_string(t.fields->fields.size()) + " fields");
  }
  std::set<std::string> seen;
  for (const auto& f : t.fields->fields) {
    if (seen.insert(upper(f.name)).second) continue;
    return user_error(errc::invalid_argument,
                      "field '" + f.name +
                          "': SQLite does not tell the case of names, and another field has this one; "
                          "rename it with millrace.map");
  }
  return {};
}

result<void> ensure_table(connection& c, const target_table& t) {
  auto kind = c.prepare("SELECT type FROM sqlite_master WHERE upper(name) = upper(?1) AND type IN ('table', 'view')");
  if (!kind) return std::move(kind).error();
  kind->bind_text(1, t.name);
  auto is_there = kind->step();
  if (!is_there) return std::move(is_there).error();
  if (!*is_there) return create(c, t);
  if (kind->text(0) == "view") {
    return user_error(errc::invalid_argument, place(c, t) + " is a view: name a table in 'table'");
  }
  const auto columns = columns_of(c, t.name);
  if (!columns) return columns.error();
  if (auto ok = check_columns(c, t, *columns); !ok) return ok;
  return t.keys.empty() ? result<void>{} : check_unique(c, t, *columns);
}

result<std::vector<bool>> not_null_columns(connection& c, const target_table& t) {
  const auto columns = columns_of(c, t.name);
  if (!columns) return columns.error();
  std::vector<bool> out;
  for (const auto& f : t.fields->fields) {
    const auto* at = find(*columns, f.name);
    out.push_back(at != nullptr && at->is_not_null);
  }
  return out;
}

result<std::vector<std::string>> column_names(connection& c, const std::string& table) {
  const auto columns = columns_of(c, table);
  if (!columns) return columns.error();
  std::vector<std::string> out;
  for (const auto& column : *columns) out.push_back(column.name);
  return out;
}

void bind_row(statement& s, const target_table& t, std::span<const value> row, std::vector<std::string>& scratch) {
  const auto& fields = t.fields->fields;
  scratch.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const int at = static_cast<int>(i) + 1;
    const auto& v = row[i];
    switch (v.kind()) {
      case value_kind::null:
        s.bind_null(at);
        break;
      case value_kind::boolean:
        s.bind(at, std::int64_t{v.as_bool()});
        break;
      case value_kind::int64:
        s.bind(at, v.as_int64());
        break;
      case value_kind::float64:
        s.bind(at, v.as_float64());
        break;
      case value_kind::string:
        s.bind_text(at, v.as_string());
        break;
      case value_kind::bytes:
        s.bind_bytes(at, v.as_bytes());
        break;
      case value_kind::event_time:
        if (t.times == time_format::ns) {
          s.bind(at, v.as_time().ns);
          break;
        }
        [[fallthrough]];
      default:
        scratch[i].clear();
        append_text(scratch[i], fields[i].type, v, t.times);
        s.bind_text(at, scratch[i]);
    }
  }
}

}  // namespace millrace::library::sqlite
