#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <limits>
#include <string_view>

#include "millrace/bytes.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// A decimal number, unscaled · 10^−scale: {1999, 2} is 19.99. Equal means same digits and same scale.
struct decimal {
  std::int64_t unscaled = 0;
  std::uint8_t scale = 0;
  friend constexpr auto operator<=>(const decimal&, const decimal&) = default;
};

enum class value_kind : std::uint8_t {
  null,
  boolean,
  int64,    ///< every integer that fits, enumerations too
  uint64,   ///< only integers above the largest int64
  float64,  ///< also from float 32
  string,
  bytes,
  event_time,
  decimal,
  packed,  ///< a nested record, list or map as its MessagePack bytes
};

/// One field of one record, whatever the record's type: what conversions, filters and text output work on.
///
/// 16 bytes, copied freely. Text and bytes are views: they live as long as the batch (or scratch buffer) they came
/// from.
class value {
public:
  constexpr value() noexcept = default;
  [[nodiscard]] static constexpr value of(bool v) noexcept { return {value_kind::boolean, v ? 1u : 0u}; }
  [[nodiscard]] static constexpr value of(std::int64_t v) noexcept {
    return {value_kind::int64, static_cast<std::uint64_t>(v)};
  }
  [[nodiscard]] static constexpr value of(std::uint64_t v) noexcept {
    return {v > static_cast<std::uint64_t>(INT64_MAX) ? value_kind::uint64 : value_kind::int64, v};
  }
  [[nodiscard]] static constexpr value of(double v) noexcept {
    return {value_kind::float64, std::bit_cast<std::uint64_t>(v)};
  }
  [[nodiscard]] static value of(std::string_view v) noexcept { return {value_kind::string, v.data(), v.size()}; }
  [[nodiscard]] static value of(bytes_view v) noexcept { return {value_kind::bytes, v.data(), v.size()}; }
  [[nodiscard]] static constexpr value of(event_time v) noexcept {
    return {value_kind::event_time, static_cast<std::uint64_t>(v.ns)};
  }
  [[nodiscard]] static constexpr value of(decimal v) noexcept {
    return {value_kind::decimal, static_cast<std::uint64_t>(v.unscaled), v.scale};
  }
  [[nodiscard]] static value packed(bytes_view v) noexcept { return {value_kind::packed, v.data(), v.size()}; }

  [[nodiscard]] constexpr value_kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr bool is_null() const noexcept { return kind_ == value_kind::null; }

  /// Accessors of one kind each; asking for another kind than `kind()` gives an unspecified value.
  [[nodiscard]] constexpr bool as_bool() const noexcept { return bits_ != 0; }
  [[nodiscard]] constexpr std::int64_t as_int64() const noexcept { return static_cast<std::int64_t>(bits_); }
  [[nodiscard]] constexpr std::uint64_t as_uint64() const noexcept { return bits_; }
  [[nodiscard]] constexpr double as_float64() const noexcept { return std::bit_cast<double>(bits_); }
  [[nodiscard]] std::string_view as_string() const noexcept { return as_text(as_bytes()); }
  /// For strings, bytes and packed values.
  [[nodiscard]] bytes_view as_bytes() const noexcept { return {std::bit_cast<const std::byte*>(bits_), size_}; }
  [[nodiscard]] constexpr event_time as_time() const noexcept { return {static_cast<std::int64_t>(bits_)}; }
  [[nodiscard]] constexpr decimal as_decimal() const noexcept { return {static_cast<std::int64_t>(bits_), scale_}; }

  [[nodiscard]] constexpr bool is_integer() const noexcept {
    return kind_ == value_kind::int64 || kind_ == value_kind::uint64;
  }
  [[nodiscard]] constexpr bool is_view() const noexcept {
    return kind_ == value_kind::string || kind_ == value_kind::bytes || kind_ == value_kind::packed;
  }
  /// Integers and floats as a double (rounded); 0 for anything else.
  [[nodiscard]] constexpr double to_float64() const noexcept {
    if (kind_ == value_kind::float64) return as_float64();
    if (kind_ == value_kind::int64) return static_cast<double>(as_int64());
    return kind_ == value_kind::uint64 ? static_cast<double>(bits_) : 0.0;
  }

  /// The same text, bytes or packed value at another place, which holds a copy of them.
  [[nodiscard]] value moved_to(const std::byte* data) const noexcept {
    value v = *this;
    v.bits_ = std::bit_cast<std::uint64_t>(data);
    return v;
  }

  /// Same kind and same content; doubles compare by their bits.
  friend bool operator==(const value& a, const value& b) noexcept {
    if (a.kind_ != b.kind_ || a.size_ != b.size_ || a.scale_ != b.scale_) return false;
    return a.is_view() ? a.as_string() == b.as_string() : a.bits_ == b.bits_;
  }

private:
  constexpr value(value_kind kind, std::uint64_t bits, std::uint8_t scale = 0) noexcept
      : bits_{bits}, kind_{kind}, scale_{scale} {}
  value(value_kind kind, const void* data, std::size_t size) noexcept
      : bits_{std::bit_cast<std::uint64_t>(data)}, size_{static_cast<std::uint32_t>(size)}, kind_{kind} {}

  std::uint64_t bits_ = 0;
  std::uint32_t size_ = 0;
  value_kind kind_ = value_kind::null;
  std::uint8_t scale_ = 0;
};
static_assert(sizeof(void*) == 8 && sizeof(value) == 16);

}  // namespace millrace
