#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "millrace/codec.hpp"
#include "millrace/key_bytes.hpp"

namespace millrace {

/// Hash that places a key: XXH3_64bits of its canonical bytes. Persisted in snapshots, never changes.
[[nodiscard]] std::uint64_t key_hash(bytes_view canonical) noexcept;

namespace detail {

template <class T>
inline constexpr bool is_tuple = false;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;

/// Fewest digits: 1.50 and 1.5 are one key.
[[nodiscard]] decimal without_trailing_zeros(decimal d) noexcept;
/// −0.0 becomes 0.0. False for NaN, which equals nothing and so cannot be a key.
bool encode_key_float(msgpack::writer& w, double v);
/// For scalars and null; false for NaN and packed values.
bool encode_key_value(msgpack::writer& w, const value& v);
/// What two keyed inputs must agree on: `int`, `float64`, `string`, `event_time?`, …
[[nodiscard]] std::string key_type_text(const field_type& type);

/// Writes the canonical form of a key; false when there is none (NaN).
template <class K>
bool encode_key_into(msgpack::writer& w, const K& key) {
  if constexpr (std::is_floating_point_v<K>) {
    return encode_key_float(w, static_cast<double>(key));
  } else if constexpr (std::is_same_v<K, decimal>) {
    codec<decimal>::encode(w, without_trailing_zeros(key));
    return true;
  } else if constexpr (requires {
                         key.has_value();
                         *key;
                       }) {
    if (key) return encode_key_into(w, *key);
    w.nil();
    return true;
  } else if constexpr (is_tuple<K>) {
    w.array(std::tuple_size_v<K>);
    return std::apply([&](const auto&... part) { return (encode_key_into(w, part) && ...); }, key);
  } else if constexpr (record<K>) {
    using traits = record_traits<K>;
    w.array(traits::field_count);
    return traits::each_index([&](auto i) { return encode_key_into(w, key.*traits::template pointer<i>); });
  } else {
    codec<K>::encode(w, key);
    return true;
  }
}

template <class K>
[[nodiscard]] std::string key_type_text_of() {
  const auto joined = []<class... Part>(std::tuple<Part...>*) {
    std::string text;
    ((text += (text.empty() ? "(" : ", ") + key_type_text_of<Part>()), ...);
    return text + ")";
  };
  if constexpr (record<K>) {
    return key_type_text(codec<K>::type());
  } else if constexpr (is_tuple<K>) {
    return [&]<template <class...> class Tuple, class... Part>(Tuple<Part...>*) {
      return joined(static_cast<std::tuple<Part...>*>(nullptr));
    }(static_cast<K*>(nullptr));
  } else {
    return key_type_text(codec<K>::type());
  }
}

}  // namespace detail

/// Canonical form of one key, as extractors make it. Error: NaN (`invalid_argument`).
template <class K>
[[nodiscard]] result<key_bytes> encode_key(const K& key) {
  byte_buffer buffer;
  msgpack::writer w{buffer};
  if (!detail::encode_key_into(w, key)) return user_error(errc::invalid_argument, "NaN cannot be a key");
  return key_bytes{buffer.view()};
}

/// The key as a C++ value again. Error: the bytes are a key of another type (`schema_mismatch`).
template <class K>
[[nodiscard]] result<K> decode_key(bytes_view canonical) {
  msgpack::reader r{canonical};
  K key{};
  if (!codec<K>::decode(r, key) || !r.at_end()) {
    return fatal_error(errc::schema_mismatch, "the key is not of type " + detail::key_type_text_of<K>());
  }
  return key;
}
template <class K>
[[nodiscard]] result<K> decode_key(const key_bytes& key) {
  return decode_key<K>(key.view());
}

}  // namespace millrace
