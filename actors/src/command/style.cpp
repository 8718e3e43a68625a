#include "command/style.hpp"

#include <algorithm>
#include <cmath>

#include "console/terminal.hpp"
#include "millrace/text/utf8.hpp"

namespace millrace::command {

namespace {

const char* sequence(tone t) {
  switch (t) {
    case tone::plain:
      return "";
    case tone::dim:
      return "\x1b[2m";
    case tone::bold:
      return "\x1b[1m";
    case tone::good:
      return "\x1b[32m";
    case tone::warn:
      return "\x1b[33m";
    case tone::bad:
      return "\x1b[31m";
    case tone::accent:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

std::string style::operator()(tone t, const std::string& text) const {
  if (!has_colour || t == tone::plain || text.empty()) return text;
  return sequence(t) + text + "\x1b[0m";
}

std::string cut(const std::string& text, std::size_t width) {
  if (console::cells(text) <= width) return text;
  if (width == 0) return {};
  std::size_t end = 0;
  for (std::size_t n = 0; end < text.size(); ++end) {
    const bool starts_cell = !continues_character(text[end]);
    if (starts_cell && ++n == width) break;
  }
  return text.substr(0, end) + "…";
}

std::string pad_right(const std::string& text, std::size_t width) {
  auto out = cut(text, width);
  out.append(width - console::cells(out), ' ');
  return out;
}

std::string pad_left(const std::string& text, std::size_t width) {
  const auto out = cut(text, width);
  return std::string(width - console::cells(out), ' ') + out;
}

std::string bar(double share, std::size_t width) {
  static constexpr const char* eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto filled =
      static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) * 8));
  std::string out;
  for (std::size_t i = 0; i < filled / 8; ++i) out += "█";
  out += eighths[filled % 8];
  out.append(width - filled / 8 - (filled % 8 == 0 ? 0 : 1), ' ');
  return out;
}

}  // namespace millrace::command
