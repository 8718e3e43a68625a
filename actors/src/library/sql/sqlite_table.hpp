#pragma once

#include <string>
#include <vector>

#include "library/sql/sqlite.hpp"
#include "millrace/schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library::sqlite {

/// The declared type of the column that holds a field: INTEGER, REAL, TEXT or BLOB.
///
/// Booleans are 0 and 1; event times ISO 8601 texts, or integers of nanoseconds; decimals texts with all their digits;
/// nested values JSON texts.
[[nodiscard]] const char* column_type(const field_type& type, time_format times) noexcept;

/// A table that records are written to: each field has the column of its name.
struct target_table {
  std::string name;
  schema_ptr fields;
  time_format times = time_format::iso;
  std::vector<std::string> keys;  ///< of an upsert; empty: rows are appended
};

/// What the topology alone tells is wrong with a table: names that SQLite takes for the same, too many columns.
[[nodiscard]] result<void> check_names(const target_table& t);

/// Makes the table when it is not there, else holds it against the fields. Errors (the user's) name table, column,
/// field and remedy.
[[nodiscard]] result<void> ensure_table(connection& c, const target_table& t);

/// By field: a column that does not take NULL.
[[nodiscard]] result<std::vector<bool>> not_null_columns(connection& c, const target_table& t);

/// The columns of a table in their order; empty when there is no such table.
[[nodiscard]] result<std::vector<std::string>> column_names(connection& c, const std::string& table);

/// Binds the fields of a record to the parameters from 1 on. Texts made on the way lie in `scratch`, one a field.
void bind_row(statement& s, const target_table& t, std::span<const value> row, std::vector<std::string>& scratch);

}  // namespace millrace::library::sqlite
