#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "millrace/bytes.hpp"
#include "millrace/detail/big_endian.hpp"

namespace millrace::msgpack {

/// Appends values to a buffer in canonical MessagePack: the shortest form of every integer and length, doubles always
/// as float 64 (msgpack-cxx turns 2.0 into an integer and loses −0.0). Equal values give equal bytes, so keys can be
/// hashed.
///
/// Thread: as the buffer, which the writer does not own.
class writer {
public:
  explicit writer(byte_buffer& out) noexcept : out_{&out} {}

  void nil() { out_->push_back(std::byte{0xc0}); }
  void boolean(bool v) { out_->push_back(v ? std::byte{0xc3} : std::byte{0xc2}); }

  template <std::integral I>
  void integer(I v) {
    if constexpr (std::is_signed_v<I>) {
      if (v < 0) {
        negative(v);
        return;
      }
    }
    positive(static_cast<std::uint64_t>(v));
  }

  void float32(float v) { tagged(0xca, std::bit_cast<std::uint32_t>(v)); }
  void float64(double v) { tagged(0xcb, std::bit_cast<std::uint64_t>(v)); }

  /// `text` is not checked for UTF-8. At most 2^32−1 bytes.
  void string(std::string_view text) {
    const auto n = static_cast<std::uint32_t>(text.size());
    if (n < 32) {
      short_head(0xa0, n);
    } else {
      n < 0x100 ? tagged(0xd9, static_cast<std::uint8_t>(n)) : long_head(0xda, n);
    }
    out_->append(text.data(), n);
  }
  void binary(bytes_view bytes) {
    const auto n = static_cast<std::uint32_t>(bytes.size());
    n < 0x100 ? tagged(0xc4, static_cast<std::uint8_t>(n)) : long_head(0xc5, n);
    out_->append(bytes.data(), n);
  }

  /// `n` values must follow.
  void array(std::uint32_t n) { n < 16 ? short_head(0x90, n) : long_head(0xdc, n); }
  /// `n` pairs of key and value must follow.
  void map(std::uint32_t n) { n < 16 ? short_head(0x80, n) : long_head(0xde, n); }
  /// An extension value with its payload. At most 2^32−1 bytes.
  void ext(std::int8_t type, bytes_view payload);

  /// One complete value that is MessagePack already.
  void raw(bytes_view encoded) { out_->append(encoded); }

private:
  template <std::unsigned_integral U>
  void tagged(std::uint8_t tag, U v) {
    std::byte* const at = out_->room(1 + sizeof v);
    *at = std::byte{tag};
    detail::store_big_endian(at + 1, v);
    out_->advance(1 + sizeof v);
  }
  void short_head(unsigned tag, std::uint32_t n) { out_->push_back(static_cast<std::byte>(tag | n)); }
  /// Length of 16 bits under `tag16`, else of 32 bits under the tag that follows it.
  void long_head(std::uint8_t tag16, std::uint32_t n) {
    n < 0x10000 ? tagged(tag16, static_cast<std::uint16_t>(n)) : tagged(static_cast<std::uint8_t>(tag16 + 1), n);
  }

  void positive(std::uint64_t v) {
    if (v < 0x80) {
      out_->push_back(static_cast<std::byte>(v));
    } else if (v > 0xffffffff) {
      tagged(0xcf, v);
    } else if (v > 0xffff) {
      tagged(0xce, static_cast<std::uint32_t>(v));
    } else {
      v > 0xff ? tagged(0xcd, static_cast<std::uint16_t>(v)) : tagged(0xcc, static_cast<std::uint8_t>(v));
    }
  }
  void negative(std::int64_t v) {
    if (v >= -32) {
      out_->push_back(static_cast<std::byte>(v));
    } else if (v < INT32_MIN) {
      tagged(0xd3, static_cast<std::uint64_t>(v));
    } else if (v < INT16_MIN) {
      tagged(0xd2, static_cast<std::uint32_t>(v));
    } else {
      v < INT8_MIN ? tagged(0xd1, static_cast<std::uint16_t>(v)) : tagged(0xd0, static_cast<std::uint8_t>(v));
    }
  }

  byte_buffer* out_;
};

}  // namespace millrace::msgpack
