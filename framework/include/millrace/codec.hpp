#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "millrace/ids.hpp"
#include "millrace/msgpack.hpp"
#include "millrace/record.hpp"
#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace {

/// How a C++ type is written to and read from MessagePack: `static field_type type()`, `static void encode(writer&,
/// const T&)`, `static bool decode(reader&, T&)`. There is one for every type a record field or a keyed state may have;
/// a program can specialise it for a type of its own.
template <class T>
struct codec;

template <class T>
concept encodable = requires(msgpack::writer& w, msgpack::reader& r, const T& in, T& out) {
  codec<T>::encode(w, in);
  { codec<T>::decode(r, out) } -> std::same_as<bool>;
};

/// Appends `in` to the writer's buffer.
template <class T>
void encode(msgpack::writer& w, const T& in) {
  codec<T>::encode(w, in);
}
/// Reads one value into `out`, which should be fresh: what an older version did not write keeps its default. False (and
/// the reader failed) when the bytes are something else.
template <class T>
[[nodiscard]] bool decode(msgpack::reader& r, T& out) {
  return codec<T>::decode(r, out);
}

template <std::integral T>
struct codec<T> {
  static field_type type() {
    return {.kind = field_kind::integer, .bits = 8 * sizeof(T), .is_signed = std::is_signed_v<T>};
  }
  static void encode(msgpack::writer& w, T in) { w.integer(in); }
  static bool decode(msgpack::reader& r, T& out) noexcept { return r.integer(out); }
};

template <>
struct codec<bool> {
  static field_type type() { return {.kind = field_kind::boolean}; }
  static void encode(msgpack::writer& w, bool in) { w.boolean(in); }
  static bool decode(msgpack::reader& r, bool& out) noexcept { return r.boolean(out); }
};

template <class T>
requires std::is_enum_v<T>
struct codec<T> {
  using number = std::underlying_type_t<T>;
  static field_type type() {
    return {.kind = field_kind::enumeration, .bits = 8 * sizeof(number), .is_signed = std::is_signed_v<number>};
  }
  static void encode(msgpack::writer& w, T in) { codec<number>::encode(w, static_cast<number>(in)); }
  static bool decode(msgpack::reader& r, T& out) noexcept {
    number n{};
    if (!codec<number>::decode(r, n)) return false;
    out = static_cast<T>(n);
    return true;
  }
};

template <>
struct codec<double> {
  static field_type type() { return {.kind = field_kind::float64}; }
  static void encode(msgpack::writer& w, double in) { w.float64(in); }
  static bool decode(msgpack::reader& r, double& out) noexcept { return r.float64(out); }
};

template <>
struct codec<float> {
  static field_type type() { return {.kind = field_kind::float32}; }
  static void encode(msgpack::writer& w, float in) { w.float32(in); }
  static bool decode(msgpack::reader& r, float& out) noexcept {
    double wide = 0;
    if (!r.float64(wide)) return false;
    out = static_cast<float>(wide);
    return true;
  }
};

template <>
struct codec<std::string> {
  static field_type type() { return {.kind = field_kind::string}; }
  static void encode(msgpack::writer& w, const std::string& in) { w.string(in); }
  static bool decode(msgpack::reader& r, std::string& out) {
    std::string_view text;
    if (!r.string(text)) return false;
    out.assign(text);
    return true;
  }
};

template <>
struct codec<event_time> {
  static field_type type() { return {.kind = field_kind::event_time}; }
  static void encode(msgpack::writer& w, event_time in) { w.integer(in.ns); }
  static bool decode(msgpack::reader& r, event_time& out) noexcept { return r.integer(out.ns); }
};

template <>
struct codec<processing_time> {
  static field_type type() { return codec<std::int64_t>::type(); }
  static void encode(msgpack::writer& w, processing_time in) { w.integer(in.ns); }
  static bool decode(msgpack::reader& r, processing_time& out) noexcept { return r.integer(out.ns); }
};

template <>
struct codec<decimal> {
  static field_type type() { return {.kind = field_kind::decimal}; }
  static void encode(msgpack::writer& w, decimal in) {
    w.array(2);
    w.integer(in.unscaled);
    w.integer(in.scale);
  }
  static bool decode(msgpack::reader& r, decimal& out) noexcept {
    std::uint32_t n = 0;
    return r.array(n) && (n == 2 || r.refuse()) && r.integer(out.unscaled) && r.integer(out.scale);
  }
};

template <class Tag, class Rep>
struct codec<strong_id<Tag, Rep>> {
  static field_type type() { return codec<Rep>::type(); }
  static void encode(msgpack::writer& w, strong_id<Tag, Rep> in) { codec<Rep>::encode(w, in.value); }
  static bool decode(msgpack::reader& r, strong_id<Tag, Rep>& out) { return codec<Rep>::decode(r, out.value); }
};

}  // namespace millrace

#include "millrace/codec_containers.hpp"  // IWYU pragma: export
#include "millrace/codec_record.hpp"      // IWYU pragma: export
