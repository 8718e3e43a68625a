#pragma once

#include <compare>

#include "millrace/value.hpp"

namespace millrace::library {

/// How two values of one type stand to each other: texts and bytes by their bytes, numbers by size, times by time.
/// Unordered when one is null or NaN.
[[nodiscard]] std::partial_ordering compare(const value& a, const value& b) noexcept;

}  // namespace millrace::library
