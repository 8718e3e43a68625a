#pragma once

#include <memory>

#include "millrace/codec.hpp"

namespace millrace {

/// The schema of a C++ record; one object for the program's life. A record must not contain itself, not even in a list.
template <record T>
[[nodiscard]] const schema_ptr& schema_of();

/// Records are arrays of their fields in order.
template <record T>
struct codec<T> {
  using traits = record_traits<T>;

  static field_type type() { return {.kind = field_kind::record, .nested = schema_of<T>()}; }

  static void encode(msgpack::writer& w, const T& in) {
    w.array(traits::field_count);
    traits::each_index([&](auto i) {
      codec<typename traits::template field_type<i>>::encode(w, in.*traits::template pointer<i>);
      return true;
    });
  }

  /// Takes the length of this version or of an older one; fields that came later get their C++ default.
  static bool decode(msgpack::reader& r, T& out) {
    std::uint32_t n = 0;
    return r.array(n) && decode_fields(r, out, n);
  }

  /// As `decode`, and steps over what a writer of `written_fields` fields appended after this version.
  static bool decode_from_newer(msgpack::reader& r, T& out, std::uint32_t written_fields) {
    std::uint32_t n = 0;
    if (!r.array(n)) return false;
    if (n != written_fields || n <= traits::field_count) return decode_fields(r, out, n);
    if (!decode_fields(r, out, traits::field_count)) return false;
    for (; n != traits::field_count; --n) {
      if (!r.skip()) return false;
    }
    return true;
  }

private:
  static bool decode_fields(msgpack::reader& r, T& out, std::uint32_t n) {
    if (n != traits::field_count) [[unlikely]] {
      if (!traits::is_known_length(n)) return r.refuse();
      out = T{};
      return decode_first(r, out, n);
    }
    return traits::each_index([&](auto i) {
      return codec<typename traits::template field_type<i>>::decode(r, out.*traits::template pointer<i>);
    });
  }
  static bool decode_first(msgpack::reader& r, T& out, std::uint32_t n) {
    return traits::each_index([&](auto i) {
      return i >= n || codec<typename traits::template field_type<i>>::decode(r, out.*traits::template pointer<i>);
    });
  }
};

namespace detail {

template <record T>
schema_ptr make_schema() {
  using traits = record_traits<T>;
  auto s = std::make_shared<schema>();
  s->name = traits::description.name;
  s->version = traits::description.version;
  traits::each_index([&](auto i) {
    constexpr auto m = std::get<i>(traits::members);
    s->fields.push_back({m.name, codec<typename traits::template field_type<i>>::type(), m.since, m.personal});
    return true;
  });
  s->event_time_field = first_event_time(s->fields);
  return s;
}

}  // namespace detail

template <record T>
const schema_ptr& schema_of() {
  static const schema_ptr s = detail::make_schema<T>();
  return s;
}

}  // namespace millrace
