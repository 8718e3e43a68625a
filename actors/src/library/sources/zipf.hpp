#pragma once

#include <cstdint>

#include "millrace/context.hpp"

namespace millrace::library {

/// Draws ranks 1 … n with probability proportional to rank^−exponent, in constant expected time and without tables.
///
/// Rejection inversion: W. Hörmann, G. Derflinger, Rejection-inversion to generate variates from monotone discrete
/// distributions, ACM TOMACS 6 (1996). Fewer than 1.2 tries a draw for the exponents allowed. Thread: any (immutable).
class zipf {
public:
  /// `n` at least 1, `exponent` more than 0.
  zipf(std::uint64_t n, double exponent) noexcept;
  [[nodiscard]] std::uint64_t operator()(random_source& random) const noexcept;

private:
  [[nodiscard]] double integral(double x) const noexcept;
  [[nodiscard]] double inverse(double y) const noexcept;
  [[nodiscard]] double density(double x) const noexcept;

  double exponent_;
  double n_;
  double first_;   // integral at 1.5, less the density at 1
  double last_;    // integral at n + 0.5
  double cutoff_;  // how near a rank a draw is taken without a test
};

}  // namespace millrace::library
