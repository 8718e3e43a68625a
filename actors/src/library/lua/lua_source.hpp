#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/lua/lua_token.hpp"

namespace millrace::library {

/// The text of an expression or script on its way to LuaJIT, which knows lines but no columns.
///
/// The problem: a person wants to be told where in the text something went wrong, in a text that is mostly one line. So
/// LuaJIT gets the text with a line for each token, which means the same to it, and the line of its messages, also of
/// those at run time, is a token of the source. A value once made; the text it was made of is its own. Thread: one
/// owner.
class lua_source {
public:
  /// `title`: what messages begin with, e.g. "parameter 'where'". Throws `lua_problem`.
  lua_source(std::string title, std::string text);
  lua_source(const lua_source&) = delete;
  lua_source& operator=(const lua_source&) = delete;

  [[nodiscard]] const std::vector<lua_token>& tokens() const noexcept { return tokens_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Further code around the token at `index`, or instead of it; it counts as part of the token.
  void put_before(std::size_t index, const std::string& code) { before_[index] = code + before_[index]; }
  void put_after(std::size_t index, std::string code) { after_[index].push_back({std::move(code), {}}); }
  void replace(std::size_t index, std::string code) { instead_[index] = std::move(code); }

  /// The operator `sign` takes what ends with the token `last`: LuaJIT counts an operator to the line its operands end.
  void set_operator(std::size_t last, std::size_t sign) { operators_[last] = sign; }
  /// Parentheses around operands that end where another operator's do, so that the two can be told apart.
  void set_apart(std::size_t first, std::size_t last, std::size_t sign) {
    put_before(first, "(");
    after_[last].push_back({")", sign});
  }

  /// What LuaJIT gets, between `head` and `tail`, which must be one line each.
  [[nodiscard]] std::string generate(std::string_view head, std::string_view tail);
  /// `title`, place and what is wrong.
  [[nodiscard]] std::string describe(const lua_problem& p) const;
  /// The same for a message of LuaJIT about the generated code.
  [[nodiscard]] std::string explain(std::string_view message) const;
  /// Index of the token that stands in a line of the generated code; none: the number of tokens.
  [[nodiscard]] std::size_t token_in_line(std::size_t line) const noexcept;
  /// The first line of the generated code that a token stands in.
  [[nodiscard]] std::size_t line_of(std::size_t token) const noexcept;

  /// The name the generated code is to be loaded under.
  static constexpr const char* chunk_name = "=lua";

private:
  struct addition {
    std::string code;
    std::optional<std::size_t> line_of{};  ///< on a line of its own, which stands for that token
  };
  void put_additions(std::size_t token, std::string& code);

  std::string title_;
  std::string text_;
  std::vector<lua_token> tokens_;
  std::map<std::size_t, std::string> before_;
  std::map<std::size_t, std::vector<addition>> after_;
  std::map<std::size_t, std::string> instead_;
  std::map<std::size_t, std::size_t> operators_;
  std::vector<std::size_t> lines_;  ///< the token in each line of the generated code, from line 2 on
};

}  // namespace millrace::library
