#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "library/patterns/pattern_expression.hpp"
#include "millrace/error.hpp"
#include "millrace/patterns/automaton.hpp"
#include "millrace/schema.hpp"

namespace millrace::library {

/// A pattern read from text, ready to run over records of the schema it was read for. Immutable. Thread: any.
struct pattern_rule {
  patterns::automaton machine;
  std::vector<pattern_expression> conditions;  ///< one a stage
  std::uint32_t simple = 0;                    ///< stages whose condition looks at the event alone, a bit each
};

/// Reads a pattern as docs/patterns.md describes it. Errors (`parse_error`, the user's) name column and stage.
[[nodiscard]] result<std::shared_ptr<const pattern_rule>> parse_pattern(std::string_view text, const schema& records);

/// A column of the results: `peak = up.last.price`.
struct pattern_column {
  std::string name;
  std::string stage;  ///< empty: of the whole match
  pattern_reference::pick how{};
  std::uint32_t field = 0;
  field_type type;
};

/// Reads the columns of results, separated by commas; the stages are looked up later, in the pattern that matched.
[[nodiscard]] result<std::vector<pattern_column>> parse_columns(std::string_view text, const schema& records);

}  // namespace millrace::library
