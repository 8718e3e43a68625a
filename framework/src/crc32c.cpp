#include "millrace/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace millrace {
namespace {

constexpr std::uint32_t reflected_polynomial = 0x82F63B78u;

// Slicing by four: table[n][b] is the effect of byte b followed by n zero bytes.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? reflected_polynomial : 0u);
    table[0][byte] = crc;
  }
  for (std::size_t n = 1; n < table.size(); ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto shorter = table[n - 1][byte];
      table[n][byte] = (shorter >> 8) ^ table[0][shorter & 0xFFu];
    }
  }
  return table;
}();

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] std::uint32_t crc32c_sse42(std::span<const std::byte> data, std::uint32_t previous) noexcept {
  std::uint64_t crc = ~previous;
  const std::byte* at = data.data();
  std::size_t left = data.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto tail = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) tail = _mm_crc32_u8(tail, std::to_integer<unsigned char>(*at));
  return ~tail;
}
#endif

using crc_function = std::uint32_t (*)(std::span<const std::byte>, std::uint32_t) noexcept;

crc_function fastest() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") != 0) return crc32c_sse42;
#endif
  return detail::crc32c_portable;
}

}  // namespace

std::uint32_t detail::crc32c_portable(std::span<const std::byte> data, std::uint32_t previous) noexcept {
  std::uint32_t crc = ~previous;
  const std::byte* at = data.data();
  std::size_t left = data.size();
  for (; left >= 4; left -= 4, at += 4) {
    crc ^= std::to_integer<std::uint32_t>(at[0]) | std::to_integer<std::uint32_t>(at[1]) << 8 |
           std::to_integer<std::uint32_t>(at[2]) << 16 | std::to_integer<std::uint32_t>(at[3]) << 24;
    crc = tables[3][crc & 0xFFu] ^ tables[2][crc >> 8 & 0xFFu] ^ tables[1][crc >> 16 & 0xFFu] ^ tables[0][crc >> 24];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*at)) & 0xFFu];
  return ~crc;
}

std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t previous) noexcept {
  static const crc_function chosen = fastest();
  return chosen(data, previous);
}

}  // namespace millrace
