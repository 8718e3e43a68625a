#include "library/processors/decimal_sum.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace millrace::library {

namespace {

__extension__ using wide = __int128;

// The most by which a 64-bit number may be scaled up in 128 bits.
constexpr int shift_max = 19;
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

wide scaled(std::int64_t n, int by) noexcept {
  wide out = n;
  for (; by > 0; --by) out *= 10;
  return out;
}

bool fits(wide n) noexcept {
  return n >= lowest && n <= highest;
}

}  // namespace

std::strong_ordering compare(decimal a, decimal b) noexcept {
  const int shift = int{a.scale} - int{b.scale};
  if (shift < 0) return 0 <=> compare(b, a);
  // Scaled up further, anything but zero is more than any number of the other scale.
  if (shift > shift_max) return b.unscaled == 0 ? a.unscaled <=> std::int64_t{0} : std::int64_t{0} <=> b.unscaled;
  const auto other = scaled(b.unscaled, shift);
  return wide{a.unscaled} < other   ? std::strong_ordering::less
         : wide{a.unscaled} > other ? std::strong_ordering::greater
                                    : std::strong_ordering::equal;
}

std::optional<decimal> sum_of(decimal a, decimal b) noexcept {
  if (a.scale < b.scale) std::swap(a, b);
  const int shift = int{a.scale} - int{b.scale};
  if (b.unscaled == 0) return a;
  if (shift > shift_max) return std::nullopt;
  const auto sum = wide{a.unscaled} + scaled(b.unscaled, shift);
  if (!fits(sum)) return std::nullopt;
  return decimal{static_cast<std::int64_t>(sum), a.scale};
}

double to_double(decimal d) noexcept {
  // With all 64 bits of it where the machine has them.
  return static_cast<double>(static_cast<long double>(d.unscaled) / std::pow(10.0L, static_cast<long double>(d.scale)));
}

decimal nearest(double number, std::uint8_t scale) noexcept {
  const double unscaled = std::round(number * std::pow(10.0, scale));
  if (!(unscaled > static_cast<double>(lowest))) return {lowest, scale};
  if (unscaled >= static_cast<double>(highest)) return {highest, scale};
  return {static_cast<std::int64_t>(unscaled), scale};
}

}  // namespace millrace::library
