#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// Whether a byte of UTF-8 goes on with a character; false: it begins one.
[[nodiscard]] constexpr bool continues_character(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The longest beginning of at most `bytes` that cuts no character in two. `text` need not be valid UTF-8.
[[nodiscard]] constexpr std::string_view utf8_prefix(std::string_view text, std::size_t bytes) noexcept {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && continues_character(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

/// The same, with `…` behind it where something was cut off.
[[nodiscard]] inline std::string shortened(std::string_view text, std::size_t bytes) {
  std::string out{utf8_prefix(text, bytes)};
  return out.size() < text.size() ? out + "…" : out;
}

}  // namespace millrace
