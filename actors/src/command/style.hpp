#pragma once

#include <string>

namespace millrace::command {

/// Colours of the terminal's own palette, so that they fit light and dark backgrounds; nothing when colours are off.
enum class tone { plain, dim, bold, good, warn, bad, accent };

struct style {
  bool has_colour = false;
  [[nodiscard]] std::string operator()(tone t, const std::string& text) const;
};

/// Fills with blanks up to `width` cells, on the right or on the left; cuts what is longer, ending in `…`.
[[nodiscard]] std::string pad_right(const std::string& text, std::size_t width);
[[nodiscard]] std::string pad_left(const std::string& text, std::size_t width);
/// At most `width` cells of plain text (no escape sequences).
[[nodiscard]] std::string cut(const std::string& text, std::size_t width);
/// A horizontal bar of `width` cells, filled to `share` (0…1) in eighths of a cell.
[[nodiscard]] std::string bar(double share, std::size_t width);

}  // namespace millrace::command
