#include "library/sources/value_shape.hpp"

#include <cmath>
#include <numbers>

namespace millrace::library {

namespace {

/// In (0, 1]: its logarithm is finite.
double above_zero(random_source& random) noexcept {
  return 1 - random.uniform();
}

double standard_normal(random_source& random) noexcept {
  const double radius = std::sqrt(-2 * std::log(above_zero(random)));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

}  // namespace

value_shape::form form_of(const std::string& name) noexcept {
  if (name == "normal") return value_shape::form::normal;
  if (name == "exponential") return value_shape::form::exponential;
  if (name == "log_normal") return value_shape::form::log_normal;
  if (name == "pareto") return value_shape::form::pareto;
  return name == "sine" ? value_shape::form::sine : value_shape::form::uniform;
}

double value_shape::draw(random_source& random, event_time at) const noexcept {
  switch (what) {
    case form::uniform:
      break;
    case form::normal:
      return mean + deviation * standard_normal(random);
    case form::exponential:
      return -mean * std::log(above_zero(random));
    case form::log_normal:
      return mean * std::exp(deviation * standard_normal(random) - deviation * deviation / 2);
    case form::pareto:
      return mean * (shape - 1) / shape * std::pow(above_zero(random), -1 / shape);
    case form::sine: {
      // The phase from whole nanoseconds: a double of the time since 1970 has none of its last digits left.
      const auto phase = static_cast<double>(at.ns % period.count()) / static_cast<double>(period.count());
      return mean + amplitude * std::sin(2 * std::numbers::pi * phase) + deviation * standard_normal(random);
    }
  }
  return static_cast<double>(random.below(1'000'000)) / 100;
}

}  // namespace millrace::library
