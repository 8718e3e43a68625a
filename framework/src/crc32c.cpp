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
using word_row = std::array<std::uint32_t, 32>;  // a matrix over GF(2): what becomes of each bit

constexpr std::uint32_t apply(const word_row& matrix, std::uint32_t bits) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; bits != 0; ++i, bits >>= 1) sum ^= (bits & 1U) != 0 ? matrix[i] : 0U;
  return sum;
}

// What a CRC becomes when `Bytes` zero bytes (a power of two) follow, a table for each of its bytes: the matrix of one
// zero bit, squared until it stands for all of them.
template <std::size_t Bytes>
constexpr auto zeros_behind = [] {
  word_row matrix{};
  matrix[0] = reflected_polynomial;
  for (std::size_t i = 1; i < matrix.size(); ++i) matrix[i] = 1U << (i - 1);
  for (std::size_t bits = 1; bits < 8 * Bytes; bits *= 2) {
    word_row squared{};
    for (std::size_t i = 0; i < matrix.size(); ++i) squared[i] = apply(matrix, matrix[i]);
    matrix = squared;
  }
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::uint32_t n = 0; n < table.size(); ++n) table[n][byte] = apply(matrix, byte << (8 * n));
  }
  return table;
}();

template <std::size_t Bytes>
std::uint64_t skip(std::uint64_t crc) noexcept {
  const auto& t = zeros_behind<Bytes>;
  return t[0][crc & 0xFFU] ^ t[1][crc >> 8 & 0xFFU] ^ t[2][crc >> 16 & 0xFFU] ^ t[3][crc >> 24 & 0xFFU];
}

[[gnu::target("sse4.2")]] inline std::uint64_t crc_of_word(std::uint64_t crc, const std::byte* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return _mm_crc32_u64(crc, word);
}

// The instruction takes three cycles and a new one can start in each: three neighbouring stretches at once, whose sums
// are put together afterwards (Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction").
template <std::size_t Bytes>
[[gnu::target("sse4.2")]] void take_triples(std::uint64_t& crc, const std::byte*& at, std::size_t& left) noexcept {
  for (; left >= 3 * Bytes; left -= 3 * Bytes, at += 3 * Bytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < Bytes; i += 8) {
      crc = crc_of_word(crc, at + i);
      second = crc_of_word(second, at + Bytes + i);
      third = crc_of_word(third, at + 2 * Bytes + i);
    }
    crc = skip<Bytes>(skip<Bytes>(crc) ^ second) ^ third;
  }
}

[[gnu::target("sse4.2")]] std::uint32_t crc32c_sse42(std::span<const std::byte> data, std::uint32_t previous) noexcept {
  constexpr std::size_t long_stretch = 4096;
  constexpr std::size_t short_stretch = 256;
  std::uint64_t crc = ~previous;
  const std::byte* at = data.data();
  std::size_t left = data.size();
  take_triples<long_stretch>(crc, at, left);
  take_triples<short_stretch>(crc, at, left);
  for (; left >= 8; left -= 8, at += 8) crc = crc_of_word(crc, at);
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
