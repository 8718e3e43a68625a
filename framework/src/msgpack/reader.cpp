#include "millrace/msgpack/reader.hpp"

namespace millrace::msgpack {

token reader::peek() const noexcept {
  if (failed_ || at_ == end_) return token::none;
  const auto tag = static_cast<std::uint8_t>(*at_);
  if (tag < 0x80 || tag >= 0xe0) return token::integer;
  if (tag < 0x90) return token::map;
  if (tag < 0xa0) return token::array;
  if (tag < 0xc0) return token::string;
  switch (tag) {
    case 0xc0:
      return token::nil;
    case 0xc2:
    case 0xc3:
      return token::boolean;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return token::binary;
    case 0xca:
    case 0xcb:
      return token::floating;
    case 0xd9:
    case 0xda:
    case 0xdb:
      return token::string;
    case 0xdc:
    case 0xdd:
      return token::array;
    case 0xde:
    case 0xdf:
      return token::map;
    case 0xc1:
      return token::invalid;
    default:
      return tag >= 0xcc && tag <= 0xd3 ? token::integer : token::ext;
  }
}

bool reader::other_float(double& out) noexcept {
  switch (peek()) {
    case token::floating: {
      std::uint8_t tag = 0;
      std::uint32_t bits = 0;
      if (!head(tag)) return false;
      if (tag != 0xca) return refuse();  // a float 64 that is cut short
      if (!take(bits)) return false;
      out = static_cast<double>(std::bit_cast<float>(bits));
      return true;
    }
    case token::integer: {
      const auto tag = static_cast<std::uint8_t>(*at_++);
      std::uint64_t bits = tag;
      bool is_negative = false;
      if (tag >= 0x80 && !wide_integer(tag, bits, is_negative)) return false;
      out = is_negative ? static_cast<double>(static_cast<std::int64_t>(bits)) : static_cast<double>(bits);
      return true;
    }
    default:
      return refuse();
  }
}

bool reader::long_length(std::uint8_t tag, std::uint8_t tag16, std::uint32_t& n) noexcept {
  if (tag == tag16) {
    std::uint16_t length = 0;
    if (!take(length)) return false;
    n = length;
    return true;
  }
  return tag == tag16 + 1 ? take(n) : refuse();
}

bool reader::string_length(std::uint8_t tag, std::size_t& n) noexcept {
  std::uint32_t length = 0;
  if (tag == 0xd9) {
    std::uint8_t short_length = 0;
    if (!take(short_length)) return false;
    length = short_length;
  } else if (!long_length(tag, 0xda, length)) {
    return false;
  }
  n = length;
  return true;
}

bool reader::binary_length(std::uint8_t tag, std::size_t& n) noexcept {
  std::uint32_t length = 0;
  if (tag == 0xc4) {
    std::uint8_t short_length = 0;
    if (!take(short_length)) return false;
    length = short_length;
  } else if (!long_length(tag, 0xc5, length)) {
    return false;
  }
  n = length;
  return true;
}

bool reader::ext_length(std::uint8_t tag, std::size_t& n) noexcept {
  if (tag >= 0xd4 && tag <= 0xd8) {
    n = std::size_t{1} << (tag - 0xd4);
    return true;
  }
  std::uint32_t length = 0;
  if (tag == 0xc7) {
    std::uint8_t short_length = 0;
    if (!take(short_length)) return false;
    length = short_length;
  } else if (!long_length(tag, 0xc8, length)) {
    return false;
  }
  n = length;
  return true;
}

bool reader::binary(bytes_view& out) noexcept {
  std::uint8_t tag = 0;
  std::size_t n = 0;
  if (!head(tag) || !binary_length(tag, n)) return false;
  const std::byte* const first = at_;
  if (!skip_bytes(n)) return false;
  out = {first, n};
  return true;
}

bool reader::ext(std::int8_t& type, bytes_view& payload) noexcept {
  std::uint8_t tag = 0;
  std::uint8_t type_bits = 0;
  std::size_t n = 0;
  if (!head(tag) || !ext_length(tag, n) || !take(type_bits)) return false;
  const std::byte* const first = at_;
  if (!skip_bytes(n)) return false;
  type = static_cast<std::int8_t>(type_bits);
  payload = {first, n};
  return true;
}

bool reader::skip() noexcept {
  return skip_levels(nesting_max - std::min(depth_, nesting_max));
}

bool reader::raw(bytes_view& out) noexcept {
  const std::byte* const first = at_;
  if (!skip()) return false;
  out = {first, static_cast<std::size_t>(at_ - first)};
  return true;
}

bool reader::skip_levels(unsigned levels) noexcept {
  bool flag = false;
  double number = 0;
  std::int8_t type = 0;
  std::uint32_t n = 0;
  std::string_view text;
  bytes_view bytes;
  const auto skip_many = [&](std::uint64_t count) {
    if (levels == 0) return refuse();
    while (count-- != 0) {
      if (!skip_levels(levels - 1)) return false;
    }
    return true;
  };
  switch (peek()) {
    case token::nil:
      return take_nil();
    case token::boolean:
      return boolean(flag);
    case token::integer:
    case token::floating:
      return float64(number);
    case token::string:
      return string(text);
    case token::binary:
      return binary(bytes);
    case token::ext:
      return ext(type, bytes);
    case token::array:
      return array(n) && skip_many(n);
    case token::map:
      return map(n) && skip_many(2 * std::uint64_t{n});
    case token::none:
    case token::invalid:
      break;
  }
  return refuse();
}

}  // namespace millrace::msgpack
