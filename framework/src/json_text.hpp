#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::detail {

/// A JSON value that knows where in its text it began, which is what messages to a person need and parsers forget.
struct json_node {
  enum class kind : std::uint8_t { null, boolean, integer, huge_integer, number, text, array, object };

  kind what = kind::null;
  std::size_t offset = 0;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0.0;
  std::string text{};
  std::vector<json_node> elements{};
  std::vector<std::pair<std::string, json_node>> members{};  ///< in the order of the text, each name once

  [[nodiscard]] const json_node* find(const std::string& name) const;
};

/// For messages: "text", "a list", …
[[nodiscard]] const char* to_string(json_node::kind k) noexcept;

/// `line 3, column 7` as `3:7`; columns count bytes.
[[nodiscard]] std::string line_and_column(const std::string& text, std::size_t offset);

/// Reads strict JSON: UTF-8, no comments, no name twice in an object, at most 32 levels and 1,000,000 values. Errors
/// (`parse_error`, the user's) start with `source:line:column: `.
[[nodiscard]] result<json_node> parse_json(const std::string& text, const std::string& source);

}  // namespace millrace::detail
