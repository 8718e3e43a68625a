#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "millrace/bytes.hpp"
#include "millrace/detail/big_endian.hpp"

namespace millrace::msgpack {

/// What kind of value comes next.
enum class token : std::uint8_t { none, nil, boolean, integer, floating, string, binary, array, map, ext, invalid };

/// Reads MessagePack that may come from anywhere: every length is checked against the bytes that are there before it is
/// used, nothing is allocated and nothing throws. A read that fails returns false, and so does every read after it.
///
/// Any form of an integer or length is taken, not only the shortest. UTF-8 is not checked.
/// Thread: one owner. Views point into the input.
class reader {
public:
  static constexpr unsigned nesting_max = 32;

  explicit reader(bytes_view in) noexcept : at_{in.data()}, end_{in.data() + in.size()}, start_{in.data()} {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return !failed_ && at_ == end_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  /// Bytes read so far; after a failure, where it happened.
  [[nodiscard]] std::size_t offset() const noexcept {
    return static_cast<std::size_t>((failed_ ? failed_at_ : at_) - start_);
  }
  [[nodiscard]] token peek() const noexcept;

  /// Takes a nil if one comes next; anything else is left alone and is not a failure.
  bool take_nil() noexcept {
    if (at_ == end_ || *at_ != std::byte{0xc0}) return false;
    ++at_;
    return true;
  }

  bool boolean(bool& out) noexcept {
    std::uint8_t tag = 0;
    if (!head(tag)) return false;
    if ((tag & 0xfe) != 0xc2) return refuse();
    out = tag == 0xc3;
    return true;
  }

  /// Fails when the integer does not fit `I`; floats are no integers.
  template <std::integral I>
  bool integer(I& out) noexcept {
    std::uint8_t tag = 0;
    if (!head(tag)) return false;
    if (tag < 0x80) {
      out = static_cast<I>(tag);
      return true;
    }
    std::uint64_t bits = 0;
    bool is_negative = false;
    if (!wide_integer(tag, bits, is_negative)) return false;
    if (is_negative) {
      if constexpr (std::is_unsigned_v<I>)
        return refuse();
      else if (static_cast<std::int64_t>(bits) < std::numeric_limits<I>::min())
        return refuse();
    } else if (bits > static_cast<std::uint64_t>(std::numeric_limits<I>::max())) {
      return refuse();
    }
    out = static_cast<I>(bits);
    return true;
  }

  /// Takes float 32, float 64 and any integer.
  bool float64(double& out) noexcept {
    if (remaining() >= 9 && *at_ == std::byte{0xcb}) [[likely]] {
      out = std::bit_cast<double>(detail::load_big_endian<std::uint64_t>(at_ + 1));
      at_ += 9;
      return true;
    }
    return other_float(out);
  }
  bool string(std::string_view& out) noexcept {
    std::uint8_t tag = 0;
    if (!head(tag)) return false;
    std::size_t n = tag & 0x1f;
    if ((tag & 0xe0) != 0xa0 && !string_length(tag, n)) return false;
    if (n > remaining()) return refuse();
    out = {reinterpret_cast<const char*>(at_), n};
    at_ += n;
    return true;
  }
  bool binary(bytes_view& out) noexcept;
  /// The number of values that follow; never more than there are bytes left.
  bool array(std::uint32_t& n) noexcept {
    std::uint8_t tag = 0;
    if (!head(tag)) return false;
    n = tag & 0x0f;
    if ((tag & 0xf0) != 0x90 && !long_length(tag, 0xdc, n)) return false;
    return n <= remaining() || refuse();
  }
  /// The number of pairs that follow; never more than half the bytes left.
  bool map(std::uint32_t& n) noexcept {
    std::uint8_t tag = 0;
    if (!head(tag)) return false;
    n = tag & 0x0f;
    if ((tag & 0xf0) != 0x80 && !long_length(tag, 0xde, n)) return false;
    return n <= remaining() / 2 || refuse();
  }
  bool ext(std::int8_t& type, bytes_view& payload) noexcept;

  /// Steps over one complete value of any kind; fails beyond `nesting_max` levels.
  bool skip() noexcept;
  /// Steps over one complete value and gives its bytes.
  bool raw(bytes_view& out) noexcept;

  /// Counts one level of a container down and up again, for decoders that recurse. `enter` fails beyond `nesting_max`.
  bool enter() noexcept { return ++depth_ <= nesting_max || refuse(); }
  void leave() noexcept { --depth_; }

  /// Marks the input as bad (a decoder found a value it does not accept). Always false.
  bool refuse() noexcept {
    if (!failed_) failed_at_ = at_;
    failed_ = true;
    at_ = end_;  // so that every later read fails on the check it makes anyway
    return false;
  }

private:
  bool head(std::uint8_t& tag) noexcept {
    if (at_ == end_) [[unlikely]]
      return refuse();
    tag = static_cast<std::uint8_t>(*at_++);
    return true;
  }
  template <std::unsigned_integral U>
  bool take(U& out) noexcept {
    if (remaining() < sizeof(U)) [[unlikely]]
      return refuse();
    out = detail::load_big_endian<U>(at_);
    at_ += sizeof(U);
    return true;
  }
  bool wide_integer(std::uint8_t tag, std::uint64_t& bits, bool& is_negative) noexcept;
  bool long_length(std::uint8_t tag, std::uint8_t tag16, std::uint32_t& n) noexcept;
  bool string_length(std::uint8_t tag, std::size_t& n) noexcept;
  bool other_float(double& out) noexcept;
  bool skip_levels(unsigned levels) noexcept;
  bool skip_bytes(std::size_t n) noexcept {
    if (n > remaining()) return refuse();
    at_ += n;
    return true;
  }
  bool ext_length(std::uint8_t tag, std::size_t& n) noexcept;
  bool binary_length(std::uint8_t tag, std::size_t& n) noexcept;

  const std::byte* at_;
  const std::byte* end_;
  const std::byte* start_;
  const std::byte* failed_at_ = nullptr;
  unsigned depth_ = 0;
  bool failed_ = false;
};

/// Inline because timestamps and ids of nine bytes are what the data path is made of. The length comes from the tag's
/// low bits and not from a branch for each: integers of mixed lengths cost more in wrong predictions than in work.
inline bool reader::wide_integer(std::uint8_t tag, std::uint64_t& bits, bool& is_negative) noexcept {
  if (tag >= 0xe0) {
    bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(tag)));
    is_negative = true;
    return true;
  }
  const std::size_t n = std::size_t{1} << (tag & 3);
  if (tag < 0xcc || tag > 0xd3 || n > remaining()) [[unlikely]]
    return refuse();
  std::byte padded[8]{};
  const std::byte* from = at_;
  if (remaining() < sizeof padded) [[unlikely]] {
    std::memcpy(padded, at_, n);
    from = padded;
  }
  const auto aligned = detail::load_big_endian<std::uint64_t>(from);
  const auto spare = static_cast<unsigned>(64 - 8 * n);
  const auto as_signed = static_cast<std::int64_t>(aligned) >> spare;
  is_negative = tag >= 0xd0 && as_signed < 0;
  bits = is_negative ? static_cast<std::uint64_t>(as_signed) : aligned >> spare;
  at_ += n;
  return true;
}

}  // namespace millrace::msgpack
