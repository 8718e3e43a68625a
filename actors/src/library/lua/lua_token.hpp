#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::library {

/// What is wrong with a text in Lua, and where.
struct lua_problem {
  std::size_t offset = 0;
  std::string text;
};

struct lua_token {
  enum class kind : unsigned char { end, name, keyword, number, text, symbol };
  kind what = kind::end;
  std::string_view text;   ///< as it stands in the source, quotes included
  std::size_t offset = 0;  ///< of its first character

  [[nodiscard]] bool is(std::string_view keyword_or_symbol) const noexcept {
    return (what == kind::keyword || what == kind::symbol) && text == keyword_or_symbol;
  }
};

/// Cuts Lua 5.1 into tokens; comments and space fall away. The last one is `end`. The text must outlive the tokens.
/// Throws `lua_problem` at what is no token: bytes beyond ASCII outside of texts, texts that do not end, the number
/// suffixes `LL` and `i`, which stand for types that scripts do not have.
[[nodiscard]] std::vector<lua_token> lua_tokens(std::string_view source);

/// The place for people: `column 12`, or `line 2, column 3` when the text has several lines.
[[nodiscard]] std::string place_in(std::string_view source, std::size_t offset);

}  // namespace millrace::library
