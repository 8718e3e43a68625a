#include "library/sources/zipf.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::library {

namespace {

// log1p(x)/x and expm1(x)/x by their series near 0, where the quotients lose all digits.
double log_quotient(double x) noexcept {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x * (0.5 - x * (1.0 / 3 - 0.25 * x));
}
double exp_quotient(double x) noexcept {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x * 0.5 * (1 + x * (1.0 / 3) * (1 + 0.25 * x));
}

}  // namespace

zipf::zipf(std::uint64_t n, double exponent) noexcept
    : exponent_{exponent},
      n_{static_cast<double>(n)},
      first_{integral(1.5) - 1},
      last_{integral(n_ + 0.5)},
      cutoff_{2 - inverse(integral(2.5) - density(2))} {}

std::uint64_t zipf::operator()(random_source& random) const noexcept {
  for (;;) {
    const double u = last_ + random.uniform() * (first_ - last_);
    const double x = inverse(u);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, n_);
    if (rank - x <= cutoff_ || u >= integral(rank + 0.5) - density(rank)) return static_cast<std::uint64_t>(rank);
  }
}

double zipf::integral(double x) const noexcept {
  const double log_x = std::log(x);
  return exp_quotient((1 - exponent_) * log_x) * log_x;
}

double zipf::inverse(double y) const noexcept {
  const double t = std::max(y * (1 - exponent_), -1.0);
  return std::exp(log_quotient(t) * y);
}

double zipf::density(double x) const noexcept {
  return std::exp(-exponent_ * std::log(x));
}

}  // namespace millrace::library
