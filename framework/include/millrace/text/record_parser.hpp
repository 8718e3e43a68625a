#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace {

/// What is wrong with a line, and in which column (bytes from 1 on; 0: the line as a whole).
///
/// In pieces, because much of the input may be malformed: what all such lines say stands with the parser, and only the
/// middle piece is the line's own. They are good until the parser reads another line or is gone.
struct line_problem {
  std::size_t column = 0;
  std::string_view before{};
  std::string_view value{};  ///< a piece of the line, where it can be
  std::string_view after{};
  std::string text{};  ///< what `value` shows where the line does not have it

  /// A problem that is a text of its own.
  void say(std::string what) {
    text = std::move(what);
    before = after = {};
    value = text;
  }
  [[nodiscard]] std::string what() const { return std::string{before}.append(value).append(after); }
};

/// Turns one line into the fields of a record. Thread: one owner.
class record_parser {
public:
  virtual ~record_parser() = default;

  /// True when the first line of a file names the columns.
  [[nodiscard]] virtual bool takes_header() const noexcept { return false; }
  [[nodiscard]] virtual result<void> read_header(std::span<char> /*line*/) { return {}; }
  /// True when the line holds no record.
  [[nodiscard]] virtual bool is_blank(std::span<const char> line) const noexcept { return line.empty(); }
  /// Adds the line to `row`. False: `problem` says why, and nothing was added. May change `line`.
  [[nodiscard]] virtual bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) = 0;
};

/// CSV as in RFC 4180. With a header columns are found by name and more columns than fields may be there; without one
/// they are taken in order and there are as many as fields. Null is an empty field without quotes, where the field is
/// optional.
[[nodiscard]] std::unique_ptr<record_parser> make_csv_parser(schema_ptr fields, bool has_header);

/// One JSON object a line, nested at most 32 deep; members that are no fields are skipped, fields left out become null
/// where they are optional.
[[nodiscard]] std::unique_ptr<record_parser> make_json_parser(schema_ptr fields);

}  // namespace millrace
