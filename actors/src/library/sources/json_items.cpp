#include "library/sources/json_items.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace millrace::library {

namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool ends_scalar(char c) noexcept {
  return is_blank(c) || c == ',' || c == ']' || c == '}' || c == '[' || c == '{';
}

/// Behind the quote that ends the string beginning at `at`.
std::size_t end_of_string(std::span<const char> text, std::size_t at) noexcept {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

json_items::json_items(std::span<char> text, cut how) : text_{text}, by_line_{how == cut::lines} {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (text_.size() >= mark.size() && std::memcmp(text_.data(), mark.data(), mark.size()) == 0) move_to(mark.size());
  if (by_line_ || !skip_blanks() || text_[next_] != '[') return;
  in_array_ = true;
  move_to(next_ + 1);
}

std::optional<json_items::item> json_items::next() {
  if (is_over_) return std::nullopt;
  return by_line_ ? next_line() : next_value();
}

std::optional<json_items::item> json_items::next_line() {
  while (next_ < text_.size()) {
    const auto rest = text_.subspan(next_);
    const auto end = static_cast<std::size_t>(std::ranges::find(rest, '\n') - rest.begin());
    const bool is_empty = std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end), is_blank);
    const auto found = take(next_ + end);
    if (next_ < text_.size()) move_to(next_ + 1);
    if (!is_empty) return found;
  }
  return std::nullopt;
}

std::optional<json_items::item> json_items::next_value() {
  bool has_value = skip_blanks();
  if (in_array_) {
    const bool ends = has_value && text_[next_] == ']';
    if (ends && is_first_) has_value = false;
    if (ends) {
      move_to(next_ + 1);
      in_array_ = false;
      is_over_ = true;
      if (!skip_blanks()) return std::nullopt;
      return take(text_.size(), "something follows the array");
    }
    if (!is_first_ && has_value) {
      if (text_[next_] != ',') return take(text_.size(), "a comma or ']' is missing between the elements of the array");
      move_to(next_ + 1);
      has_value = skip_blanks();
    }
    if (!has_value) return take(text_.size(), "the array does not end: ']' is missing");
  }
  if (!has_value) return std::nullopt;
  is_first_ = false;
  const auto end = end_of_value();
  return end ? take(*end) : take(text_.size(), "the value does not end: a quote, ']' or '}' is missing");
}

bool json_items::skip_blanks() noexcept {
  auto at = next_;
  while (at < text_.size() && is_blank(text_[at])) ++at;
  move_to(at);
  return at < text_.size();
}

std::optional<std::size_t> json_items::end_of_value() const noexcept {
  std::size_t depth = 0;
  for (auto at = next_; at < text_.size();) {
    const char c = text_[at];
    if (c == '"') {
      at = end_of_string(text_, at);
      if (depth == 0) return text_[at - 1] == '"' && at - next_ > 1 ? std::optional{at} : std::nullopt;
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      ++at;
      if (depth <= 1) return at;
      --depth;
    } else if (depth != 0) {
      ++at;
    } else {
      do ++at;
      while (at < text_.size() && !ends_scalar(text_[at]));
      return at;
    }
  }
  return std::nullopt;
}

json_items::item json_items::take(std::size_t end, const char* problem) noexcept {
  const item found{text_.subspan(next_, end - next_), place_, problem};
  move_to(end);
  is_over_ = is_over_ || problem != nullptr;
  return found;
}

void json_items::move_to(std::size_t to) noexcept {
  for (; next_ < to; ++next_) {
    if (text_[next_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
  }
}

text_place json_items::place_in(const item& of, std::size_t column) noexcept {
  auto at = of.at;
  for (std::size_t i = 0; i + 1 < column && i < of.text.size(); ++i) {
    if (of.text[i] == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      ++at.column;
    }
  }
  return at;
}

}  // namespace millrace::library
