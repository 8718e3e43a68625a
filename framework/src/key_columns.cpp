#include "key_columns.hpp"

#include <concepts>
#include <string>

// The only place that sees xxHash: inlined, so that short keys cost no call.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "millrace/key.hpp"

namespace millrace {

std::uint64_t key_hash(bytes_view canonical) noexcept {
  return XXH3_64bits(canonical.data(), canonical.size());
}

namespace detail {
namespace {

/// A canonical integer on the stack; `msgpack::writer` without the buffer.
struct small_key {
  std::byte bytes[16];
  std::size_t size = 0;

  template <std::unsigned_integral U>
  void tagged(unsigned tag, U v) noexcept {
    bytes[0] = static_cast<std::byte>(tag);
    store_big_endian(bytes + 1, v);
    size = 1 + sizeof v;
  }
  void set_unsigned(std::uint64_t v) noexcept {
    if (v < 0x80) {
      bytes[0] = static_cast<std::byte>(v);
      size = 1;
    } else if (v > 0xffffffff) {
      tagged(0xcf, v);
    } else if (v > 0xffff) {
      tagged(0xce, static_cast<std::uint32_t>(v));
    } else {
      v > 0xff ? tagged(0xcd, static_cast<std::uint16_t>(v)) : tagged(0xcc, static_cast<std::uint8_t>(v));
    }
  }
  void set_negative(std::int64_t v) noexcept {
    if (v >= -32) {
      bytes[0] = static_cast<std::byte>(v);
      size = 1;
    } else if (v < INT32_MIN) {
      tagged(0xd3, static_cast<std::uint64_t>(v));
    } else if (v < INT16_MIN) {
      tagged(0xd2, static_cast<std::uint32_t>(v));
    } else {
      v < INT8_MIN ? tagged(0xd1, static_cast<std::uint16_t>(v)) : tagged(0xd0, static_cast<std::uint8_t>(v));
    }
  }
  template <std::integral I>
  bool set(I v) noexcept {
    if constexpr (std::is_same_v<I, bool>) {
      bytes[0] = v ? std::byte{0xc3} : std::byte{0xc2};
      size = 1;
    } else {
      std::cmp_less(v, 0) ? set_negative(static_cast<std::int64_t>(v)) : set_unsigned(static_cast<std::uint64_t>(v));
    }
    return true;
  }
  bool set(double v) noexcept {
    if (v != v) return false;
    tagged(0xcb, std::bit_cast<std::uint64_t>(v == 0.0 ? 0.0 : v));
    return true;
  }
  [[nodiscard]] bytes_view view() const noexcept { return {bytes, size}; }
};

/// XXH3_64bits of a canonical integer of five or nine bytes, made in registers: written to memory and read back at
/// other addresses, the same bytes stall the processor for longer than the hash takes. Follows XXH3_len_4to8_64b and
/// XXH3_len_9to16_64b with seed 0.
std::uint64_t secret(std::size_t at) noexcept {
  return XXH_readLE64(XXH3_kSecret + at);
}

std::uint64_t hash_nine_bytes(std::uint64_t tag, std::uint64_t v) noexcept {
  const std::uint64_t last = to_big_endian(v);
  const std::uint64_t low = (last << 8 | tag) ^ secret(24) ^ secret(32);
  const std::uint64_t high = last ^ secret(40) ^ secret(48);
  return XXH3_avalanche(9 + to_big_endian(low) + high + XXH3_mul128_fold64(low, high));
}

std::uint64_t hash_five_bytes(std::uint32_t tag, std::uint32_t v) noexcept {
  const std::uint32_t last = to_big_endian(v);
  const std::uint32_t first = last << 8 | tag;
  return XXH3_rrmxmx((last + (std::uint64_t{first} << 32)) ^ secret(8) ^ secret(16), 5);
}

template <std::integral I>
std::uint64_t hash_integer(I v) noexcept {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (std::is_signed_v<I>) {
    if (v < INT32_MIN) return hash_nine_bytes(0xd3, static_cast<std::uint64_t>(v));
    if (v < INT16_MIN) return hash_five_bytes(0xd2, static_cast<std::uint32_t>(v));
  }
  if (std::cmp_greater(v, 0xffffffff)) return hash_nine_bytes(0xcf, static_cast<std::uint64_t>(v));
  if (std::cmp_greater(v, 0xffff)) return hash_five_bytes(0xce, static_cast<std::uint32_t>(v));
  small_key key;
  key.set(v);
  return XXH3_64bits(key.bytes, key.size);
}

/// `small_key` without memory, for the same reason.
template <std::unsigned_integral U>
key_bytes tagged_key(unsigned tag, U v) noexcept {
  const std::uint64_t be = to_big_endian(v);
  return key_bytes::from_words(be << 8 | tag, sizeof v == 8 ? be >> 56 : 0, 1 + sizeof v);
}

template <std::integral I>
key_bytes integer_key(I v) noexcept {
  if constexpr (std::is_signed_v<I>) {
    if (v < INT32_MIN) return tagged_key(0xd3, static_cast<std::uint64_t>(v));
    if (v < INT16_MIN) return tagged_key(0xd2, static_cast<std::uint32_t>(v));
    if (v < INT8_MIN) return tagged_key(0xd1, static_cast<std::uint16_t>(v));
    if (v < -32) return tagged_key(0xd0, static_cast<std::uint8_t>(v));
    if (v < 0) return key_bytes::from_words(static_cast<std::uint8_t>(v), 0, 1);
  }
  const auto u = static_cast<std::uint64_t>(v);
  if (u > 0xffffffff) return tagged_key(0xcf, u);
  if (u > 0xffff) return tagged_key(0xce, static_cast<std::uint32_t>(u));
  if (u > 0xff) return tagged_key(0xcd, static_cast<std::uint16_t>(u));
  if (u >= 0x80) return tagged_key(0xcc, static_cast<std::uint8_t>(u));
  return key_bytes::from_words(u, 0, 1);
}

template <std::integral Stored>
bool copy_integers(const column& c, std::uint32_t n, key_bytes* out) noexcept {
  const std::byte* at = c.first;
  for (std::uint32_t i = 0; i < n; ++i, at += c.stride) {
    Stored v;
    std::memcpy(&v, at, sizeof v);
    out[i] = integer_key(v);
  }
  return true;
}

template <std::integral Stored>
bool hash_integers(const column& c, std::uint32_t n, std::uint64_t* out) noexcept {
  const std::byte* at = c.first;
  for (std::uint32_t i = 0; i < n; ++i, at += c.stride) {
    Stored v;
    std::memcpy(&v, at, sizeof v);
    out[i] = hash_integer(v);
  }
  return true;
}

template <class Stored, class Emit>
bool each_number(const column& c, std::uint32_t n, Emit emit) {
  const std::byte* at = c.first;
  small_key key;
  for (std::uint32_t i = 0; i < n; ++i, at += c.stride) {
    Stored v;
    std::memcpy(&v, at, sizeof v);
    bool is_valid = true;
    if constexpr (std::is_floating_point_v<Stored>)
      is_valid = key.set(static_cast<double>(v));
    else
      key.set(v);
    if (!is_valid) return false;
    emit(i, key.view());
  }
  return true;
}

template <class Stored, class Write, class Emit>
bool each_written(const column& c, std::uint32_t n, Write write, Emit emit) {
  byte_buffer buffer;
  msgpack::writer w{buffer};
  for (std::uint32_t i = 0; i < n; ++i) {
    buffer.clear();
    if (!write(w, *reinterpret_cast<const Stored*>(c.first + i * c.stride))) return false;
    emit(i, buffer.view());
  }
  return true;
}

/// Calls `emit(i, canonical bytes)` for each element.
template <class Emit>
bool each_key(const column& c, std::uint32_t n, Emit emit) {
  switch (c.kind) {
    case column_kind::boolean:
      return each_number<bool>(c, n, emit);
    case column_kind::int8:
      return each_number<std::int8_t>(c, n, emit);
    case column_kind::int16:
      return each_number<std::int16_t>(c, n, emit);
    case column_kind::int32:
      return each_number<std::int32_t>(c, n, emit);
    case column_kind::event_time:
    case column_kind::int64:
      return each_number<std::int64_t>(c, n, emit);
    case column_kind::uint8:
      return each_number<std::uint8_t>(c, n, emit);
    case column_kind::uint16:
      return each_number<std::uint16_t>(c, n, emit);
    case column_kind::uint32:
      return each_number<std::uint32_t>(c, n, emit);
    case column_kind::uint64:
      return each_number<std::uint64_t>(c, n, emit);
    case column_kind::float32:
      return each_number<float>(c, n, emit);
    case column_kind::float64:
      return each_number<double>(c, n, emit);
    case column_kind::string:
      return each_written<std::string>(
          c, n, [](msgpack::writer& w, const std::string& s) { return w.string(s), true; }, emit);
    case column_kind::value:
      return each_written<value>(c, n, encode_key_value, emit);
    case column_kind::none:
      break;
  }
  return false;
}

}  // namespace

bool hash_column(const column& c, std::uint32_t n, std::uint64_t* out) {
  switch (c.kind) {
    case column_kind::event_time:
    case column_kind::int64:
      return hash_integers<std::int64_t>(c, n, out);
    case column_kind::uint64:
      return hash_integers<std::uint64_t>(c, n, out);
    case column_kind::int32:
      return hash_integers<std::int32_t>(c, n, out);
    case column_kind::uint32:
      return hash_integers<std::uint32_t>(c, n, out);
    default:
      break;
  }
  return each_key(c, n, [out](std::uint32_t i, bytes_view key) { out[i] = XXH3_64bits(key.data(), key.size()); });
}

bool copy_keys(const column& c, std::uint32_t n, key_bytes* out) {
  switch (c.kind) {
    case column_kind::event_time:
    case column_kind::int64:
      return copy_integers<std::int64_t>(c, n, out);
    case column_kind::uint64:
      return copy_integers<std::uint64_t>(c, n, out);
    case column_kind::int32:
      return copy_integers<std::int32_t>(c, n, out);
    case column_kind::uint32:
      return copy_integers<std::uint32_t>(c, n, out);
    default:
      break;
  }
  return each_key(c, n, [out](std::uint32_t i, bytes_view key) { out[i] = key_bytes{key}; });
}

void key_run::hashes(std::uint64_t* out) const noexcept {
  std::size_t first = 0;
  for (std::size_t i = 0; i < ends.size(); first = ends[i++]) {
    out[i] = XXH3_64bits(bytes.data() + first, ends[i] - first);
  }
}

void key_run::keys(key_bytes* out) const {
  std::size_t first = 0;
  for (std::size_t i = 0; i < ends.size(); first = ends[i++]) {
    out[i] = key_bytes{bytes.view().subspan(first, ends[i] - first)};
  }
}

}  // namespace detail
}  // namespace millrace
