#pragma once

#include <compare>
#include <optional>

#include "millrace/value.hpp"

namespace millrace::library {

/// By value, whatever the scales: 1.50 is 1.5.
[[nodiscard]] std::strong_ordering compare(decimal a, decimal b) noexcept;

/// a + b with the larger scale of both; nullopt when that takes more digits than a decimal holds.
[[nodiscard]] std::optional<decimal> sum_of(decimal a, decimal b) noexcept;

[[nodiscard]] double to_double(decimal d) noexcept;

/// The decimal of that scale nearest to `number`, as far as decimals go.
[[nodiscard]] decimal nearest(double number, std::uint8_t scale) noexcept;

}  // namespace millrace::library
