#include "millrace/transport/utf8.hpp"

namespace millrace::transport {
namespace {

struct lead {
  std::size_t length;        // of the sequence; 0: no sequence starts like this
  unsigned char second_low;  // range of the second byte: it rules out long forms, surrogates and too much
  unsigned char second_high;
};

constexpr lead lead_of(unsigned char c) noexcept {
  if (c < 0x80) return {1, 0, 0};
  if (c < 0xC2) return {0, 0, 0};
  if (c < 0xE0) return {2, 0x80, 0xBF};
  if (c < 0xF0)
    return {3, static_cast<unsigned char>(c == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(c == 0xED ? 0x9F : 0xBF)};
  if (c < 0xF5)
    return {4, static_cast<unsigned char>(c == 0xF0 ? 0x90 : 0x80),
            static_cast<unsigned char>(c == 0xF4 ? 0x8F : 0xBF)};
  return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const auto [length, low, high] = lead_of(at(i));
    if (length == 0 || text.size() - i < length) return false;
    if (length > 1 && (at(i + 1) < low || at(i + 1) > high)) return false;
    for (std::size_t k = 2; k < length; ++k) {
      if ((at(i + k) & 0xC0U) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace millrace::transport
