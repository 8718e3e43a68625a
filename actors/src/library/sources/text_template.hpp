#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// A text with places that are filled in for each event: `order {number} of {key}: {choice:new,paid,sent} after
/// {int:1-90} min`. Also `{value}`, `{letters:8}`, `{digits:4}`, `{hex:16}`; `{{` is a brace. Thread: one owner.
class text_template {
public:
  struct event {
    std::string_view key;
    double value;
    std::uint64_t number;
  };

  /// Error: what is wrong, and in which column of the text.
  [[nodiscard]] static result<text_template> parse(std::string_view text);
  void append(std::string& out, random_source& random, const event& e) const;

private:
  struct part {
    enum class kind : unsigned char { text, key, value, number, choice, integer, characters };
    kind what = kind::text;
    std::string text{};  ///< itself, or the characters to draw from
    std::vector<std::string> choices{};
    std::int64_t from = 0;
    std::uint64_t count = 0;  ///< of integers or characters
  };
  [[nodiscard]] static result<part> parse_place(std::string_view name, std::string_view argument);

  std::vector<part> parts_;
};

}  // namespace millrace::library
