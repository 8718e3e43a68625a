#include "library/patterns/pattern_lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::library {

namespace {

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr std::array<std::string_view, 4> pairs{"==", "!=", "<=", ">="};
constexpr std::string_view singles = "<>()+-*/{},.?";

}  // namespace

pattern_lexer::pattern_lexer(std::string_view text, std::size_t from) : text_{text}, at_{from}, next_{read()} {}

pattern_token pattern_lexer::take() {
  const auto taken = next_;
  next_ = read();
  return taken;
}

bool pattern_lexer::take_if(std::string_view word_or_symbol) {
  if (!next_.is(word_or_symbol)) return false;
  next_ = read();
  return true;
}

pattern_token pattern_lexer::read() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  const auto from = at_;
  const auto cut = [&](pattern_token::kind what) { return pattern_token{what, text_.substr(from, at_ - from), from}; };
  if (at_ == text_.size()) return cut(pattern_token::kind::end);
  const auto c = text_[at_];
  if (c == '"' || c == '\'') return read_quoted();
  if (is_letter(c)) {
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return cut(pattern_token::kind::word);
  }
  if (is_digit(c)) {
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.')) {
      const bool has_exponent = text_[at_] == 'e' || text_[at_] == 'E';
      ++at_;
      if (has_exponent && at_ + 1 < text_.size() && (text_[at_] == '-' || text_[at_] == '+') &&
          is_digit(text_[at_ + 1]))
        ++at_;
    }
    return cut(pattern_token::kind::number);
  }
  if (std::ranges::find(pairs, text_.substr(at_, 2)) != pairs.end()) {
    at_ += 2;
    return cut(pattern_token::kind::symbol);
  }
  if (singles.find(c) == std::string_view::npos) {
    throw pattern_error{from, {}, c == '=' ? "a single '=': compare with '=='" : "unexpected '" + std::string{c} + "'"};
  }
  ++at_;
  return cut(pattern_token::kind::symbol);
}

pattern_token pattern_lexer::read_quoted() {
  const auto from = at_;
  const auto end = text_.find(text_[from], from + 1);
  if (end == std::string_view::npos) throw pattern_error{from, {}, "the text in quotes does not end"};
  at_ = end + 1;
  return {pattern_token::kind::text, text_.substr(from + 1, end - from - 1), from};
}

std::string describe(const pattern_error& e, std::string_view text) {
  const auto before = text.substr(0, std::min(e.offset, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::string where;
  if (text.find('\n') != std::string_view::npos) where = "line " + std::to_string(line) + ", ";
  where += "column " + std::to_string(before.size() - start + 1);
  if (!e.stage.empty()) where += ", stage '" + e.stage + "'";
  return where + ": " + e.text;
}

}  // namespace millrace::library
