#pragma once

#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/schema.hpp"
#include "millrace/value.hpp"

namespace millrace::library {

/// What aggregations compute of a key's numbers.
enum class number_function : unsigned char { count, sum, min, max, mean };

/// The functions that the parameter `functions` names, each added to `made` as a column. Errors name the parameter:
/// an unknown function, one that needs the parameter `value`, a column that is there already, none at all. `number`:
/// the kind of sums, minima and maxima.
[[nodiscard]] result<std::vector<number_function>> add_functions(const std::string& text, bool has_value, schema& made,
                                                                 field_kind number = field_kind::float64);

/// The function's value of anything with count, sum, min and max.
template <class Totals>
[[nodiscard]] value value_of(number_function f, const Totals& t) noexcept {
  switch (f) {
    case number_function::count:
      return value::of(t.count);
    case number_function::sum:
      return value::of(t.sum);
    case number_function::min:
      return value::of(t.min);
    case number_function::max:
      return value::of(t.max);
    case number_function::mean:
      return value::of(t.sum / static_cast<double>(t.count));
  }
  return {};
}

}  // namespace millrace::library
