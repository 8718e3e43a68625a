#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// Sets fields of a record from pieces of a line, and says what is wrong with a piece and where it stands: what parsers
/// of lines have in common. A piece that is empty or not there is null where the field is optional. Thread: one owner.
class text_fields {
public:
  explicit text_fields(schema_ptr fields);

  [[nodiscard]] const schema& fields() const noexcept { return *schema_; }
  /// Begins a record made of `line`.
  void begin(std::span<char> line, dynamic_builder& row, line_problem& problem);
  /// False: `problem` says why; the record is gone.
  [[nodiscard]] bool set(std::uint32_t field, std::string_view text);
  /// As `set`, of a text that is not in the line as it stands and never null.
  [[nodiscard]] bool set_quoted(std::uint32_t field, std::string_view text);
  [[nodiscard]] bool set(std::uint32_t field, const value& v);
  /// The field is nowhere in the line.
  [[nodiscard]] bool set_missing(std::uint32_t field);
  /// The line is no record: `what` was expected at `at`, a place in the line.
  bool refuse(const char* at, std::string_view before, std::string_view what);

private:
  [[nodiscard]] bool parse(std::uint32_t field, std::string_view text);
  bool refuse_value(std::uint32_t field, std::string_view text, const char* expected);
  [[nodiscard]] std::size_t column_of(const char* at) const noexcept;

  schema_ptr schema_;
  std::vector<std::string> before_;   ///< of each field: `field 'amount': '`
  std::vector<std::string> missing_;  ///< of each field: `field 'amount' is missing`
  std::string after_;
  std::string scratch_;
  std::span<char> line_{};
  dynamic_builder* row_ = nullptr;
  line_problem* problem_ = nullptr;
};

}  // namespace millrace::library
