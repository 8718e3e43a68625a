#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include "millrace/detail/for_each_macro.hpp"

namespace millrace {

/// Names a record type for argument-dependent lookup: `MILLRACE_RECORD` overloads a function on it beside the struct.
template <class T>
struct record_tag {};

/// A struct that has been declared with `MILLRACE_RECORD`.
template <class T>
concept record = requires {
  millrace_describe_record(record_tag<T>{});
};

namespace detail {

template <class T, class M>
struct member {
  const char* name;
  M T::*pointer;
  std::uint32_t since = 1;
  bool personal = false;
};

template <class T, class M>
constexpr member<T, M> plain(const char* name, M T::*pointer) noexcept {
  return {name, pointer};
}
template <class T, class M>
constexpr member<T, M> with_since(std::uint32_t version, member<T, M> m) noexcept {
  m.since = version;
  return m;
}
template <class T, class M>
constexpr member<T, M> with_personal(member<T, M> m) noexcept {
  m.personal = true;
  return m;
}

template <class... Members>
struct record_description {
  const char* name;
  std::uint32_t version;
  std::tuple<Members...> members;
};
template <class... Members>
record_description(const char*, std::uint32_t, std::tuple<Members...>) -> record_description<Members...>;

/// Fields may only be appended: `since` never falls, starts anywhere and stays within the record's version.
template <class Description>
constexpr bool is_append_only(const Description& d) noexcept {
  return std::apply(
      [&](const auto&... m) {
        std::uint32_t previous = 1;
        return ((m.since >= previous && m.since <= d.version && (previous = m.since, true)) && ...);
      },
      d.members);
}

}  // namespace detail

/// Compile-time view of a record: `name`, `version`, `field_count`, members by index.
template <record T>
struct record_traits {
  static constexpr auto description = millrace_describe_record(record_tag<T>{});
  static constexpr auto members = description.members;
  static constexpr std::size_t field_count = std::tuple_size_v<decltype(members)>;
  static_assert(field_count >= 1 && field_count <= 32, "a record has 1 to 32 fields");
  static_assert(
      detail::is_append_only(description),
      "fields are only appended: order them by since(), which is at least 1 and at most the record's version");

  template <std::size_t I>
  static constexpr auto pointer = std::get<I>(members).pointer;
  template <std::size_t I>
  using field_type = std::remove_cvref_t<decltype(std::declval<T&>().*(std::get<I>(members).pointer))>;

  /// Calls `visit(std::integral_constant<std::size_t, I>)` for each field while it returns true.
  template <class Visit>
  static constexpr bool each_index(Visit&& visit) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (visit(std::integral_constant<std::size_t, I>{}) && ...);
    }
    (std::make_index_sequence<field_count>{});
  }

  /// Calls `visit(name, member)` for each field in order.
  template <class Record, class Visit>
  static constexpr void each_field(Record& r, Visit&& visit) {
    each_index([&](auto i) {
      visit(std::get<i>(members).name, r.*pointer<i>);
      return true;
    });
  }

  /// True when some version of the record had exactly `n` fields.
  static constexpr bool is_known_length(std::size_t n) noexcept {
    if (n == 0 || n >= field_count) return n == field_count;
    return since[n] > since[n - 1];
  }

  static constexpr std::array<std::uint32_t, field_count> since =
      std::apply([](const auto&... m) { return std::array<std::uint32_t, sizeof...(m)>{m.since...}; }, members);
};

}  // namespace millrace

/// Declares the struct `type` as a record of `version` with the fields named, in wire order. At namespace scope, in the
/// struct's own namespace. A field may be wrapped: `since(2, venue)` came with version 2 (older bytes load with the C++
/// default), `personal(email)` is data about a person, `since(2, personal(phone))` is both.
///
///     struct Trade { std::string account; double amount{}; millrace::event_time at{}; std::string venue = "?"; };
///     MILLRACE_RECORD(Trade, 2, account, amount, at, since(2, venue))
///
/// Fields: bool, integers, float, double, std::string, inline_string, event_time, decimal, enums, std::vector<std::byte>,
/// other records, and std::optional, std::vector, std::map of those.
#define MILLRACE_RECORD(type, version, ...)                                                         \
  [[maybe_unused]] constexpr auto millrace_describe_record(::millrace::record_tag<type>) noexcept { \
    using millrace_record = type;                                                                   \
    return ::millrace::detail::record_description{                                                  \
        #type, version, ::std::tuple{MILLRACE_DETAIL_EACH(MILLRACE_DETAIL_FIELD, __VA_ARGS__)}};    \
  }

// An annotated field makes MILLRACE_DETAIL_FIELD_since(…) expand to "~, expression", which moves the expression to the
// place that is chosen; a plain name pastes to something that is no macro, so the plain member is chosen.
#define MILLRACE_DETAIL_FIELD(x) MILLRACE_DETAIL_CHOOSE(MILLRACE_DETAIL_FIELD_##x, MILLRACE_DETAIL_PLAIN(x), ~)
#define MILLRACE_DETAIL_CHOOSE(...) MILLRACE_DETAIL_SECOND(__VA_ARGS__)
#define MILLRACE_DETAIL_SECOND(first, second, ...) second
#define MILLRACE_DETAIL_PLAIN(x) ::millrace::detail::plain(#x, &millrace_record::x)
#define MILLRACE_DETAIL_FIELD_since(v, x) ~, ::millrace::detail::with_since(v, MILLRACE_DETAIL_INNER(x))
#define MILLRACE_DETAIL_FIELD_personal(x) ~, ::millrace::detail::with_personal(MILLRACE_DETAIL_INNER(x))
#define MILLRACE_DETAIL_INNER(x) MILLRACE_DETAIL_CHOOSE_INNER(MILLRACE_DETAIL_INNER_##x, MILLRACE_DETAIL_PLAIN(x), ~)
#define MILLRACE_DETAIL_CHOOSE_INNER(...) MILLRACE_DETAIL_SECOND_INNER(__VA_ARGS__)
#define MILLRACE_DETAIL_SECOND_INNER(first, second, ...) second
#define MILLRACE_DETAIL_INNER_since(v, x) ~, ::millrace::detail::with_since(v, MILLRACE_DETAIL_PLAIN(x))
#define MILLRACE_DETAIL_INNER_personal(x) ~, ::millrace::detail::with_personal(MILLRACE_DETAIL_PLAIN(x))
