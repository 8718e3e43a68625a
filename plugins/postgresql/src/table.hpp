#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::postgresql {

/// A table that records are written to: each field has the column of its name.
struct target_table {
  std::string schema;  ///< empty: the first of the search path
  std::string name;
  schema_ptr fields;
  time_format times = time_format::iso;
  std::vector<std::string> keys;  ///< of an upsert; empty: rows are appended

  /// `name`, or `schema.name`; quoted. `other` stands in the same schema.
  [[nodiscard]] std::string quoted() const { return quoted(name); }
  [[nodiscard]] std::string quoted(const std::string& other) const {
    return (schema.empty() ? "" : identifier(schema) + '.') + identifier(other);
  }
};

/// What a column takes that its type does not tell the sink already.
struct column_limits {
  bool is_not_null = false;
  bool is_int64 = false;                     ///< of a field that may be larger
  std::optional<std::int64_t> characters{};  ///< of a varchar
};

/// The type of the column that is made for a field.
///
/// Booleans `boolean`, integers `smallint`, `integer`, `bigint` or (uint64) `numeric(20)`, floats `real` and `double
/// precision`, decimals `numeric`, texts `text`, bytes `bytea`, event times `timestamptz` (microseconds) or `bigint` of
/// nanoseconds, nested values `jsonb`.
[[nodiscard]] const char* column_type(const field_type& type, time_format times) noexcept;

/// Makes the table when it is not there, else holds it against the fields. Errors (the user's) name table, column,
/// field and remedy. The limits are by field.
[[nodiscard]] result<std::vector<column_limits>> ensure_table(connection& c, const target_table& t);

/// Appends a record as a line of COPY's text format, `number` first. Throws std::runtime_error, and appends nothing,
/// when the table would refuse it: the message names field and reason.
void append_row(std::string& out, const target_table& t, const std::vector<column_limits>& limits, std::int64_t number,
                const record_view& record);

}  // namespace millrace::postgresql
