#pragma once

#include <chrono>
#include <cstdint>

#include "millrace/error.hpp"

namespace millrace {

/// What a join does with records that find no partner.
enum class join_kind : std::uint8_t {
  inner,  ///< nothing
  left,   ///< those of the left input come out alone
  right,  ///< those of the right input do
  outer,  ///< both do
};

/// Which records of two inputs with equal keys belong together by time: right.at in [left.at − before, left.at +
/// after], both bounds included.
struct interval_spec {
  std::chrono::nanoseconds before{};
  std::chrono::nanoseconds after{};
  join_kind kind = join_kind::inner;
  /// How long a record may come behind its own producer partition's watermark; kept records wait that much longer.
  std::chrono::nanoseconds allowed_lateness{};
};

/// Says what is wrong with a specification: an empty interval, a negative lateness.
[[nodiscard]] inline result<void> check(const interval_spec& s) {
  if (s.before + s.after < std::chrono::nanoseconds{0}) {
    return user_error(errc::invalid_argument,
                      "join: the interval is empty: 'before' and 'after' are less than nothing");
  }
  if (s.allowed_lateness.count() < 0) {
    return user_error(errc::invalid_argument, "join: the allowed lateness must not be negative");
  }
  return {};
}

}  // namespace millrace
