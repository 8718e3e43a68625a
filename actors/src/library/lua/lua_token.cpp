#include "library/lua/lua_token.hpp"

#include <algorithm>
#include <array>

namespace millrace::library {

namespace {

constexpr std::array<std::string_view, 22> keywords{
    "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
    "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
// Longest first: what comes first here is tried first.
constexpr std::array<std::string_view, 7> long_symbols{"...", "==", "~=", "<=", ">=", "..", "::"};
constexpr std::string_view symbols = "+-*/%^#<>=(){}[];:,.?";

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c);
}

class cutter {
public:
  explicit cutter(std::string_view source) : source_{source} {}

  std::vector<lua_token> all() {
    std::vector<lua_token> tokens;
    do tokens.push_back(next());
    while (tokens.back().what != lua_token::kind::end);
    return tokens;
  }

private:
  [[nodiscard]] char at(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] lua_token cut(lua_token::kind what, std::size_t from) const {
    return {what, source_.substr(from, at_ - from), from};
  }

  lua_token next() {
    skip();
    const auto from = at_;
    if (at_ == source_.size()) return cut(lua_token::kind::end, from);
    const auto c = at();
    if (is_letter(c)) {
      while (is_word(at())) ++at_;
      const bool reserved = std::ranges::find(keywords, source_.substr(from, at_ - from)) != keywords.end();
      return cut(reserved ? lua_token::kind::keyword : lua_token::kind::name, from);
    }
    if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
    if (c == '"' || c == '\'') return quoted();
    if (c == '[' && long_bracket() != no_bracket) {
      skip_long("the text in brackets does not end");
      return cut(lua_token::kind::text, from);
    }
    return symbol();
  }

  lua_token symbol() {
    const auto from = at_;
    for (const auto s : long_symbols) {
      if (!source_.substr(at_).starts_with(s)) continue;
      at_ += s.size();
      return cut(lua_token::kind::symbol, from);
    }
    if (at() == '!') throw lua_problem{at_, "'!' is not Lua: 'not' negates, '~=' means different"};
    if (symbols.find(at()) == std::string_view::npos || at() == '\0')
      throw lua_problem{at_, "a character Lua has no use for"};
    ++at_;
    return cut(lua_token::kind::symbol, from);
  }

  lua_token number() {
    const auto from = at_;
    const bool is_hex = at() == '0' && (at(1) == 'x' || at(1) == 'X');
    while (is_word(at()) || at() == '.') {
      const bool has_exponent = is_hex ? at() == 'p' || at() == 'P' : at() == 'e' || at() == 'E';
      ++at_;
      if (has_exponent && (at() == '+' || at() == '-')) ++at_;
    }
    const auto text = source_.substr(from, at_ - from);
    const auto last = text.back();
    if (last == 'L' || last == 'l' || last == 'i' || last == 'I') {
      throw lua_problem{from, "'" + std::string{text} + "': numbers here are doubles, without a suffix"};
    }
    return cut(lua_token::kind::number, from);
  }

  lua_token quoted() {
    const auto from = at_;
    const auto quote = at();
    for (++at_; at() != quote; ++at_) {
      if (at() == '\\') ++at_;
      if (at_ >= source_.size() || (at() == '\n' && source_[at_ - 1] != '\\')) {
        throw lua_problem{from, "the text in quotes does not end"};
      }
    }
    ++at_;
    return cut(lua_token::kind::text, from);
  }

  void skip() {
    while (at_ < source_.size()) {
      const auto c = at();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else if (c == '-' && at(1) == '-') {
        at_ += 2;
        if (at() == '[' && long_bracket() != no_bracket) {
          skip_long("the comment in brackets does not end");
        } else {
          at_ = std::min(source_.find('\n', at_), source_.size());
        }
      } else {
        return;
      }
    }
  }

  static constexpr std::size_t no_bracket = static_cast<std::size_t>(-1);
  /// How many `=` stand between the two opening brackets here.
  [[nodiscard]] std::size_t long_bracket() const noexcept {
    std::size_t level = 0;
    while (at(1 + level) == '=') ++level;
    return at(1 + level) == '[' ? level : no_bracket;
  }
  void skip_long(const char* problem) {
    const auto closing = "]" + std::string(long_bracket(), '=') + "]";
    const auto end = source_.find(closing, at_);
    if (end == std::string_view::npos) throw lua_problem{at_, problem};
    at_ = end + closing.size();
  }

  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<lua_token> lua_tokens(std::string_view source) {
  return cutter{source}.all();
}

std::string place_in(std::string_view source, std::size_t offset) {
  const auto before = source.substr(0, std::min(offset, source.size()));
  const auto end_of_line = before.rfind('\n');
  const auto start = end_of_line == std::string_view::npos ? 0 : end_of_line + 1;
  const auto column = "column " + std::to_string(before.size() - start + 1);
  if (source.find('\n') == std::string_view::npos) return column;
  return "line " + std::to_string(std::ranges::count(before, '\n') + 1) + ", " + column;
}

}  // namespace millrace::library
