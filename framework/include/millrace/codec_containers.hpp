#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"

namespace millrace {

template <class T>
struct codec<std::optional<T>> {
  static field_type type() {
    field_type t = codec<T>::type();
    t.optional = true;
    return t;
  }
  static void encode(msgpack::writer& w, const std::optional<T>& in) { in ? codec<T>::encode(w, *in) : w.nil(); }
  static bool decode(msgpack::reader& r, std::optional<T>& out) {
    if (r.take_nil()) {
      out.reset();
      return true;
    }
    return codec<T>::decode(r, out.emplace());
  }
};
template <class T>
struct codec<std::optional<std::optional<T>>>;  // a null of a null has no wire form

template <>
struct codec<std::vector<std::byte>> {
  static field_type type() { return {.kind = field_kind::bytes}; }
  static void encode(msgpack::writer& w, const std::vector<std::byte>& in) { w.binary(in); }
  static bool decode(msgpack::reader& r, std::vector<std::byte>& out) {
    bytes_view bytes;
    if (!r.binary(bytes)) return false;
    out.assign(bytes.begin(), bytes.end());
    return true;
  }
};

template <class T>
struct codec<std::vector<T>> {
  /// Room made in advance; a lying length costs no more than this, a true one grows as its elements arrive.
  static constexpr std::uint32_t reserve_max = 1024;

  static field_type type() {
    return {.kind = field_kind::list, .element = std::make_shared<const field_type>(codec<T>::type())};
  }
  static void encode(msgpack::writer& w, const std::vector<T>& in) {
    w.array(static_cast<std::uint32_t>(in.size()));
    for (const auto& item : in) codec<T>::encode(w, item);
  }
  static bool decode(msgpack::reader& r, std::vector<T>& out) {
    std::uint32_t n = 0;
    if (!r.array(n) || !r.enter()) return false;
    out.clear();
    out.reserve(std::min(n, reserve_max));
    for (; n != 0; --n) {
      T item{};
      if (!codec<T>::decode(r, item)) return false;
      out.push_back(std::move(item));
    }
    r.leave();
    return true;
  }
};

template <class K, class T>
struct codec<std::map<K, T>> {
  static_assert(!std::is_floating_point_v<K>, "floats are no keys of maps: NaN equals nothing");

  static field_type type() {
    return {.kind = field_kind::map,
            .element = std::make_shared<const field_type>(codec<T>::type()),
            .key = std::make_shared<const field_type>(codec<K>::type())};
  }
  static void encode(msgpack::writer& w, const std::map<K, T>& in) {
    w.map(static_cast<std::uint32_t>(in.size()));
    for (const auto& [key, item] : in) {
      codec<K>::encode(w, key);
      codec<T>::encode(w, item);
    }
  }
  /// Refuses a key that comes twice.
  static bool decode(msgpack::reader& r, std::map<K, T>& out) {
    std::uint32_t n = 0;
    if (!r.map(n) || !r.enter()) return false;
    out.clear();
    for (; n != 0; --n) {
      K key{};
      if (!codec<K>::decode(r, key)) return false;
      const auto [at, is_new] = out.try_emplace(std::move(key));
      if (!is_new) return r.refuse();
      if (!codec<T>::decode(r, at->second)) return false;
    }
    r.leave();
    return true;
  }
};

namespace detail {

/// Pairs and tuples are arrays of exactly their length.
template <class Tuple, class... T>
struct tuple_codec {
  static void encode(msgpack::writer& w, const Tuple& in) {
    w.array(sizeof...(T));
    std::apply([&](const auto&... item) { (codec<T>::encode(w, item), ...); }, in);
  }
  static bool decode(msgpack::reader& r, Tuple& out) {
    std::uint32_t n = 0;
    if (!r.array(n) || (n != sizeof...(T) && !r.refuse())) return false;
    return std::apply([&](auto&... item) { return (codec<T>::decode(r, item) && ...); }, out);
  }
};

}  // namespace detail

template <class A, class B>
struct codec<std::pair<A, B>> : detail::tuple_codec<std::pair<A, B>, A, B> {};
template <class... T>
struct codec<std::tuple<T...>> : detail::tuple_codec<std::tuple<T...>, T...> {};

}  // namespace millrace
