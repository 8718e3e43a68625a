#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The parts of a parameter that lists several things, without spaces around them; empty parts are left out.
[[nodiscard]] inline std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto first = part.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    part = part.substr(first, part.find_last_not_of(' ') - first + 1);
    parts.emplace_back(part);
  }
  return parts;
}

}  // namespace millrace
