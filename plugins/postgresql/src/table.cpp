#include "table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>

namespace millrace::postgresql {

namespace {

struct column {
  std::string name;
  std::string type;  ///< as the catalogue calls it: int4, varchar, …
  bool is_not_null = false;
  bool is_filled = false;  ///< has a default, is an identity or computed
  std::optional<std::int64_t> characters{};
};

/// Types that keep every value of the field.
std::vector<std::string_view> types_for(const field_type& type, time_format times) {
  switch (type.kind) {
    case field_kind::boolean:
      return {"bool"};
    case field_kind::integer:
    case field_kind::enumeration: {
      const int bits = type.bits + (type.is_signed ? 0 : 1);
      if (bits <= 16) return {"int2", "int4", "int8", "numeric"};
      if (bits <= 32) return {"int4", "int8", "numeric"};
      return {"int8", "numeric"};
    }
    case field_kind::float32:
      return {"float4", "float8"};
    case field_kind::float64:
      return {"float8"};
    case field_kind::decimal:
      return {"numeric"};
    case field_kind::bytes:
      return {"bytea"};
    case field_kind::string:
      return {"text", "varchar"};
    case field_kind::event_time:
      return times == time_format::ns ? std::vector<std::string_view>{"int8"}
                                      : std::vector<std::string_view>{"timestamptz", "timestamp"};
    default:
      return {"jsonb", "json", "text"};
  }
}

std::string place(const connection& c, const target_table& t) {
  return "table " + t.quoted() + " of " + c.place();
}

result<std::vector<column>> columns_of(connection& c, const target_table& t) {
  const auto found = c.run(
      "SELECT a.attname, y.typname, a.attnotnull, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '', "
      "CASE WHEN y.typname = 'varchar' AND a.atttypmod > 4 THEN a.atttypmod - 4 END, r.relkind "
      "FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid JOIN pg_class r ON r.oid = a.attrelid "
      "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      {t.quoted()});
  if (!found) return found.error();
  std::vector<column> out;
  for (int i = 0; i < found->size(); ++i) {
    const auto kind = found->at(i, 5);
    if (kind != "r" && kind != "p") {
      return user_error(errc::invalid_argument, place(c, t) + " is a view or the like: name a table in 'table'");
    }
    auto& made = out.emplace_back(column{std::string{found->at(i, 0)},
                                         std::string{found->at(i, 1)},
                                         found->at(i, 2) == "t",
                                         found->at(i, 3) == "t",
                                         {}});
    if (!found->is_null(i, 4)) made.characters = std::stoll(std::string{found->at(i, 4)});
  }
  return out;
}

result<void> create(connection& c, const target_table& t) {
  std::string sql = "CREATE TABLE " + t.quoted() + " (";
  for (const auto& f : t.fields->fields) {
    if (sql.back() != '(') sql += ", ";
    sql += identifier(f.name) + ' ' + column_type(f.type, t.times) + (f.type.optional ? "" : " NOT NULL");
  }
  for (std::size_t i = 0; i < t.keys.size(); ++i) sql += (i == 0 ? ", PRIMARY KEY (" : ", ") + identifier(t.keys[i]);
  const auto made = c.run(sql + (t.keys.empty() ? ")" : "))"));
  return made ? result<void>{} : made.error();
}

result<void> check_columns(const connection& c, const target_table& t, const std::vector<column>& columns) {
  for (const auto& f : t.fields->fields) {
    const auto at = std::ranges::find(columns, f.name, &column::name);
    const std::string wanted = column_type(f.type, t.times);
    if (at == columns.end()) {
      return user_error(errc::schema_mismatch, place(c, t) + " has no column for the field '" + f.name + "' (" +
                                                   to_text(f.type) + "): ALTER TABLE " + t.quoted() + " ADD COLUMN " +
                                                   identifier(f.name) + ' ' + wanted + ", or name another table");
    }
    const auto fitting = types_for(f.type, t.times);
    if (std::ranges::find(fitting, at->type) == fitting.end()) {
      return user_error(errc::schema_mismatch, "column '" + at->name + "' of " + place(c, t) + " is of type " +
                                                   at->type + ", which does not keep the field '" + f.name + "' (" +
                                                   to_text(f.type) + "): it wants " + wanted +
                                                   "; convert the field with millrace.map, or name another table");
    }
  }
  for (const auto& column : columns) {
    if (!column.is_not_null || column.is_filled || t.fields->find(column.name)) continue;
    return user_error(errc::schema_mismatch, "column '" + column.name + "' of " + place(c, t) +
                                                 " must not be null and no field fills it: give it a default, or add "
                                                 "the field to the records");
  }
  return {};
}

/// An upsert needs the server to know that there is one row a key.
result<void> check_unique(connection& c, const target_table& t) {
  const auto found = c.run(
      "SELECT array_to_string(array(SELECT attname::text FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = "
      "ANY(i.indkey) ORDER BY 1), chr(31)) FROM pg_index i WHERE i.indrelid = to_regclass($1) AND i.indisunique "
      "AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indimmediate",
      {t.quoted()});
  if (!found) return found.error();
  std::string wanted;
  std::string list;
  for (const auto& k : std::set<std::string>{t.keys.begin(), t.keys.end()}) {
    wanted += (wanted.empty() ? "" : "\x1f") + k;
    list += (list.empty() ? "" : ", ") + identifier(k);
  }
  for (int i = 0; i < found->size(); ++i) {
    // By bytes, whatever the server's collation says.
    std::set<std::string> names;
    for (auto rest = found->at(i, 0);;) {
      const auto end = rest.find('\x1f');
      names.insert(std::string{rest.substr(0, end)});
      if (end == rest.npos) break;
      rest.remove_prefix(end + 1);
    }
    if (names == std::set<std::string>{t.keys.begin(), t.keys.end()}) return {};
  }
  return user_error(errc::schema_mismatch, place(c, t) + " has no primary key or unique index of exactly (" + list +
                                               "), which 'key' names: CREATE UNIQUE INDEX ON " + t.quoted() + " (" +
                                               list + "), or change 'key'");
}

/// Code points; nothing when the bytes are no UTF-8.
std::optional<std::int64_t> characters_of(std::string_view text) {
  std::int64_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++n) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xc2 ? 9
                             : lead < 0xe0 ? 1
                             : lead < 0xf0 ? 2
                             : lead < 0xf5 ? 3
                                           : 9;
    if (more == 9 || text.size() - i <= more) return std::nullopt;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0U) != 0x80) return std::nullopt;
    }
    const auto second = more == 0 ? 0 : static_cast<unsigned char>(text[i + 1]);
    const bool is_overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool is_outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
    if (is_overlong || is_outside) return std::nullopt;
    i += more + 1;
  }
  return n;
}

/// What a text may not be; empty: it is fine.
std::string objection(std::string_view text, const column_limits& limits) {
  if (text.find('\0') != text.npos) return "has a zero byte, which PostgreSQL's texts cannot";
  const auto characters = characters_of(text);
  if (!characters) return "is no valid UTF-8";
  if (limits.characters && *characters > *limits.characters) {
    return "has " + std::to_string(*characters) + " characters, its column takes " + std::to_string(*limits.characters);
  }
  return {};
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
}

/// Appends one field; gives what the table would object to.
std::string append_field(std::string& out, const target_table& t, const field& f, const column_limits& limits,
                         const value& v) {
  if (v.is_null()) {
    out += "\\N";
    return limits.is_not_null ? "is null, and its column must not be" : "";
  }
  if (v.kind() == value_kind::uint64 && limits.is_int64) return "is larger than its column's bigint; make that numeric";
  std::string text;
  if (v.kind() == value_kind::string) {
    append_escaped(out, v.as_string());
    return objection(v.as_string(), limits);
  }
  if (v.kind() == value_kind::packed) {
    append_json(text, f.type, v, t.times);
    append_escaped(out, text);
    if (text.find("\\u0000") != text.npos) return "has a zero byte, which PostgreSQL's JSON cannot";
    return objection(text, limits);
  }
  if (v.kind() == value_kind::bytes) out += "\\\\x";
  append_text(out, f.type, v, t.times);
  return {};
}

}  // namespace

const char* column_type(const field_type& type, time_format times) noexcept {
  switch (type.kind) {
    case field_kind::boolean:
      return "boolean";
    case field_kind::integer:
    case field_kind::enumeration: {
      const int bits = type.bits + (type.is_signed ? 0 : 1);
      return bits <= 16 ? "smallint" : bits <= 32 ? "integer" : bits <= 64 ? "bigint" : "numeric(20)";
    }
    case field_kind::float32:
      return "real";
    case field_kind::float64:
      return "double precision";
    case field_kind::decimal:
      return "numeric";
    case field_kind::string:
      return "text";
    case field_kind::bytes:
      return "bytea";
    case field_kind::event_time:
      return times == time_format::ns ? "bigint" : "timestamptz";
    default:
      return "jsonb";
  }
}

result<std::vector<column_limits>> ensure_table(connection& c, const target_table& t) {
  auto columns = columns_of(c, t);
  if (!columns) return std::move(columns).error();
  if (columns->empty()) {
    if (auto ok = create(c, t); !ok) return ok.error();
    columns = columns_of(c, t);
    if (!columns) return std::move(columns).error();
  }
  if (auto ok = check_columns(c, t, *columns); !ok) return ok.error();
  if (!t.keys.empty()) {
    if (auto ok = check_unique(c, t); !ok) return ok.error();
  }
  std::vector<column_limits> out;
  for (const auto& f : t.fields->fields) {
    const auto& at = *std::ranges::find(*columns, f.name, &column::name);
    out.push_back({at.is_not_null, at.type == "int8", at.characters});
  }
  return out;
}

void append_row(std::string& out, const target_table& t, const std::vector<column_limits>& limits, std::int64_t number,
                const record_view& record) {
  const auto before = out.size();
  out += std::to_string(number);
  const auto& fields = t.fields->fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    out += '\t';
    const auto wrong = append_field(out, t, fields[i], limits[i], record.field(i));
    if (wrong.empty()) continue;
    out.resize(before);
    throw std::runtime_error("field '" + fields[i].name + "' " + wrong);
  }
  out += '\n';
}

}  // namespace millrace::postgresql
