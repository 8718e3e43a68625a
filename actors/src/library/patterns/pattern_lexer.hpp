#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::library {

/// What is wrong with the text of a pattern and where.
struct pattern_error {
  std::size_t offset = 0;
  std::string stage;  ///< empty: outside of stages
  std::string text;
};

struct pattern_token {
  enum class kind { end, word, number, text, symbol };
  kind what = kind::end;
  std::string_view text;  ///< of texts without the quotes
  std::size_t offset = 0;

  [[nodiscard]] bool is(std::string_view word_or_symbol) const noexcept {
    return (what == kind::word || what == kind::symbol) && text == word_or_symbol;
  }
};

/// Cuts the text of a pattern into words, numbers (with a unit behind, as in `10m`), texts in quotes and symbols.
/// Throws `pattern_error` at what is none of them. The text must outlive tokens.
class pattern_lexer {
public:
  /// Starts at `from`; offsets count from the beginning of the text.
  explicit pattern_lexer(std::string_view text, std::size_t from = 0);

  [[nodiscard]] const pattern_token& peek() const noexcept { return next_; }
  pattern_token take();
  /// Takes the word or symbol when it comes next.
  bool take_if(std::string_view word_or_symbol);

private:
  [[nodiscard]] pattern_token read();
  [[nodiscard]] pattern_token read_quoted();

  std::string_view text_;
  std::size_t at_ = 0;
  pattern_token next_;
};

/// The place for people: `column 12`, or `line 2, column 3` when the text has several lines; with the stage.
[[nodiscard]] std::string describe(const pattern_error& e, std::string_view text);

}  // namespace millrace::library
