#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace millrace::transport::wire {

/// The msgpack format byte under which a field of type `T` travels.
template <class T>
inline constexpr std::uint8_t format = [] {
  if constexpr (std::is_same_v<T, std::uint8_t>) return 0xCC;
  if constexpr (std::is_same_v<T, std::uint32_t>) return 0xCE;
  if constexpr (std::is_same_v<T, std::uint64_t>) return 0xCF;
  if constexpr (std::is_same_v<T, std::int64_t>) return 0xD3;
}();

inline constexpr std::uint8_t array_of_15 = 0x9F;
inline constexpr std::uint8_t array_of_2 = 0x92;
inline constexpr std::uint8_t nil = 0xC0;
inline constexpr std::uint8_t bin32 = 0xC6;
inline constexpr std::uint8_t ext_of_16_bytes = 0xD8;
/// Extension type of a pointer to a batch and one to what is traced in it.
inline constexpr std::uint8_t batch_pointer = 0x01;

/// To and from network byte order, which msgpack uses.
template <class T>
[[nodiscard]] inline auto big_endian(T value) noexcept {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) == 4) bits = __builtin_bswap32(bits);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) == 8) bits = __builtin_bswap64(bits);
  return bits;
}

/// Writes formats and fields one after the other. The caller has checked the room.
class field_writer {
public:
  explicit field_writer(std::byte* at) noexcept : at_{at} {}

  void byte(std::uint8_t value) noexcept { *at_++ = std::byte{value}; }

  template <class T>
  void raw(T value) noexcept {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }

  template <class T>
  void field(T value) noexcept {
    byte(format<T>);
    raw(big_endian(value));
  }

  [[nodiscard]] std::byte* at() const noexcept { return at_; }

private:
  std::byte* at_;
};

/// Reads what `field_writer` wrote. The caller has checked the length; a wrong format byte is remembered, not acted on,
/// so that reading a good header has one branch at its end.
class field_reader {
public:
  explicit field_reader(const std::byte* at) noexcept : at_{at} {}

  void byte(std::uint8_t expected, const char* name) noexcept {
    if (*at_++ != std::byte{expected} && wrong_ == nullptr) wrong_ = name;
  }

  template <class T>
  [[nodiscard]] T raw() noexcept {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  template <class T>
  [[nodiscard]] T field(const char* name) noexcept {
    byte(format<T>, name);
    return static_cast<T>(big_endian(raw<T>()));
  }

  /// The first field with a format of its own making; nullptr when all were right.
  [[nodiscard]] const char* wrong() const noexcept { return wrong_; }
  [[nodiscard]] const std::byte* at() const noexcept { return at_; }

private:
  const std::byte* at_;
  const char* wrong_ = nullptr;
};

}  // namespace millrace::transport::wire
