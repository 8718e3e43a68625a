#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::detail {

template <std::unsigned_integral U>
[[nodiscard]] constexpr U to_big_endian(U v) noexcept {
  if constexpr (sizeof(U) == 1 || std::endian::native == std::endian::big) {
    return v;
  } else if constexpr (sizeof(U) == 2) {
    return __builtin_bswap16(v);
  } else if constexpr (sizeof(U) == 4) {
    return __builtin_bswap32(v);
  } else {
    return __builtin_bswap64(v);
  }
}

template <std::unsigned_integral U>
void store_big_endian(std::byte* at, U v) noexcept {
  v = to_big_endian(v);
  std::memcpy(at, &v, sizeof v);
}

template <std::unsigned_integral U>
[[nodiscard]] U load_big_endian(const std::byte* at) noexcept {
  U v;
  std::memcpy(&v, at, sizeof v);
  return to_big_endian(v);
}

}  // namespace millrace::detail
