#pragma once

#include <string>

#include "millrace/context.hpp"
#include "millrace/time.hpp"

namespace millrace::library {

/// How the values of a generator are spread. A value depends on what is drawn and on the event's time alone, so the
/// same seed gives the same values at any parallelism (on one machine: the mathematical functions are those of its
/// libm).
struct value_shape {
  enum class form : unsigned char {
    uniform,      ///< 0 … 9999.99 in steps of 0.01; the parameters below mean nothing
    normal,       ///< `mean`, `deviation`; Box and Muller 1958
    exponential,  ///< `mean`
    log_normal,   ///< `mean` of the value, `deviation` of its natural logarithm
    pareto,       ///< `mean`, `shape` above 1; by inversion
    sine,         ///< `mean` + `amplitude` · sin(2π · time / `period`), and `deviation` of normal noise
  };
  form what = form::uniform;
  double mean = 100;
  double deviation = 10;
  double shape = 1.5;
  double amplitude = 50;
  std::chrono::nanoseconds period{std::chrono::minutes{1}};

  [[nodiscard]] double draw(random_source& random, event_time at) const noexcept;
};

/// By the name of a form. The name is known.
[[nodiscard]] value_shape::form form_of(const std::string& name) noexcept;

}  // namespace millrace::library
