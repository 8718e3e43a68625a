#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace millrace::library {

/// Where something stands in a text, both from 1 on; columns count bytes.
struct text_place {
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};

/// Cuts a text into the JSON values it consists of, without reading them: a JSON array into its elements, anything else
/// into values that follow each other (one object over several lines, or JSON lines), or, where told so, into lines.
///
/// Thread: one owner. The text must outlive it.
class json_items {
public:
  enum class cut : unsigned char {
    values,  ///< an array's elements, or values one after the other
    lines,   ///< a value a line, so that a broken one costs no other
  };
  struct item {
    std::span<char> text;
    text_place at;
    const char* problem = nullptr;  ///< why nothing behind `at` can be told apart any more; it was the last item
  };

  json_items(std::span<char> text, cut how);

  /// The next item that is not blank; nothing: the text is over.
  [[nodiscard]] std::optional<item> next();
  /// The place of a column within an item. Column 0 (the item as a whole): where it begins.
  [[nodiscard]] static text_place place_in(const item& of, std::size_t column) noexcept;

private:
  [[nodiscard]] std::optional<item> next_line();
  [[nodiscard]] std::optional<item> next_value();
  [[nodiscard]] bool skip_blanks() noexcept;
  /// Behind the value that begins here; nothing: it does not end.
  [[nodiscard]] std::optional<std::size_t> end_of_value() const noexcept;
  [[nodiscard]] item take(std::size_t end, const char* problem = nullptr) noexcept;
  void move_to(std::size_t to) noexcept;

  std::span<char> text_;
  std::size_t next_ = 0;
  text_place place_;
  bool by_line_;
  bool in_array_ = false;
  bool is_first_ = true;
  bool is_over_ = false;
};

}  // namespace millrace::library
