#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/column.hpp"

namespace millrace::detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_bytes = std::is_same_v<T, std::vector<std::byte>>;

/// Text in a type of its own, as `inline_string` is: `assign` says whether the text fitted.
template <class T>
concept text_like = !std::is_same_v<T, std::string> && requires(T & t, const T& c, std::string_view text) {
  { c.view() } -> std::same_as<std::string_view>;
  { t.assign(text) } -> std::same_as<bool>;
};

/// Owns no memory outside itself.
template <class T>
inline constexpr bool is_flat = std::is_trivially_copyable_v<T>;

/// Bytes a value owns outside itself; an estimate, container overhead left out.
template <class T>
[[nodiscard]] std::size_t heap_bytes(const T& v) {
  std::size_t total = 0;
  if constexpr (is_flat<T>) {
    return 0;
  } else if constexpr (std::is_same_v<T, std::string> || is_bytes<T>) {
    return v.size();
  } else if constexpr (is_optional<T>) {
    return v ? heap_bytes(*v) : 0;
  } else if constexpr (record<T>) {
    record_traits<T>::each_field(v, [&](const char*, const auto& item) { total += heap_bytes(item); });
  } else if constexpr (requires { typename T::mapped_type; }) {
    for (const auto& [key, item] : v) total += sizeof key + sizeof item + heap_bytes(key) + heap_bytes(item);
  } else if constexpr (requires { v.begin(); }) {
    for (const auto& item : v) total += sizeof item + heap_bytes(item);
  }
  return total;
}

/// A field as a value; what is no scalar is encoded into `scratch`.
template <class T>
[[nodiscard]] value view_of(const T& v, byte_buffer& scratch) {
  if constexpr (is_optional<T>) {
    return v ? view_of(*v, scratch) : value{};
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, event_time> || std::is_same_v<T, decimal>) {
    return value::of(v);
  } else if constexpr (std::is_enum_v<T>) {
    return view_of(static_cast<std::underlying_type_t<T>>(v), scratch);
  } else if constexpr (std::is_integral_v<T>) {
    return value::of(static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(v));
  } else if constexpr (std::is_floating_point_v<T>) {
    return value::of(static_cast<double>(v));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value::of(std::string_view{v});
  } else if constexpr (text_like<T>) {
    return value::of(v.view());
  } else if constexpr (is_bytes<T>) {
    return value::of(bytes_view{v});
  } else {
    scratch.clear();
    msgpack::writer w{scratch};
    codec<T>::encode(w, v);
    return value::packed(scratch.view());
  }
}

template <std::integral I>
[[nodiscard]] bool set_integer(I& out, const value& v) noexcept {
  if (v.kind() == value_kind::int64 && v.as_int64() < 0) {
    if (std::is_unsigned_v<I> || v.as_int64() < static_cast<std::int64_t>(std::numeric_limits<I>::min())) return false;
  } else if (!v.is_integer() || v.as_uint64() > static_cast<std::uint64_t>(std::numeric_limits<I>::max())) {
    return false;
  }
  out = static_cast<I>(v.as_uint64());
  return true;
}

template <class T>
[[nodiscard]] bool set_packed(T& out, const value& v) {
  if (v.kind() != value_kind::packed) return false;
  msgpack::reader r{v.as_bytes()};
  T fresh{};
  if (!codec<T>::decode(r, fresh) || !r.at_end()) return false;
  out = std::move(fresh);
  return true;
}

/// Gives a field the value; false when the value is of another kind or does not fit.
template <class T>
[[nodiscard]] bool set_value(T& out, const value& v) {
  const auto take = [&](value_kind kind, auto&& get) {
    if (v.kind() == kind) out = get();
    return v.kind() == kind;
  };
  if constexpr (is_optional<T>) {
    if (v.is_null()) {
      out.reset();
      return true;
    }
    typename T::value_type inner{};
    if (!set_value(inner, v)) return false;
    out = std::move(inner);
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    return take(value_kind::boolean, [&] { return v.as_bool(); });
  } else if constexpr (std::is_same_v<T, event_time>) {
    return take(value_kind::event_time, [&] { return v.as_time(); });
  } else if constexpr (std::is_same_v<T, decimal>) {
    return take(value_kind::decimal, [&] { return v.as_decimal(); });
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    if (!set_integer(number, v)) return false;
    out = static_cast<T>(number);
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    return set_integer(out, v);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (v.kind() != value_kind::float64 && !v.is_integer()) return false;
    out = static_cast<T>(v.to_float64());
    return true;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return take(value_kind::string, [&] { return v.as_string(); });
  } else if constexpr (text_like<T>) {
    return v.kind() == value_kind::string && out.assign(v.as_string());
  } else if constexpr (is_bytes<T>) {
    return take(value_kind::bytes, [&] { return T(v.as_bytes().begin(), v.as_bytes().end()); });
  } else {
    return set_packed(out, v);
  }
}

template <record T>
[[nodiscard]] bool set_field(T& r, std::uint32_t field, const value& v) {
  bool was_set = false;
  record_traits<T>::each_index([&](auto i) {
    if (i != field) return true;
    was_set = set_value(r.*record_traits<T>::template pointer<i>, v);
    return false;
  });
  return was_set;
}

template <class T>
[[nodiscard]] constexpr column_kind column_kind_of() noexcept {
  if constexpr (std::is_same_v<T, bool>)
    return column_kind::boolean;
  else if constexpr (std::is_enum_v<T>)
    return column_kind_of<std::underlying_type_t<T>>();
  else if constexpr (std::is_same_v<T, float>)
    return column_kind::float32;
  else if constexpr (std::is_same_v<T, double>)
    return column_kind::float64;
  else if constexpr (std::is_same_v<T, event_time>)
    return column_kind::event_time;
  else if constexpr (std::is_same_v<T, std::string>)
    return column_kind::string;
  else if constexpr (!std::is_integral_v<T>)
    return column_kind::none;
  else if constexpr (sizeof(T) == 1)
    return std::is_signed_v<T> ? column_kind::int8 : column_kind::uint8;
  else if constexpr (sizeof(T) == 2)
    return std::is_signed_v<T> ? column_kind::int16 : column_kind::uint16;
  else if constexpr (sizeof(T) == 4)
    return std::is_signed_v<T> ? column_kind::int32 : column_kind::uint32;
  else
    return std::is_signed_v<T> ? column_kind::int64 : column_kind::uint64;
}

}  // namespace millrace::detail
