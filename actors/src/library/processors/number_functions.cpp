#include "library/processors/number_functions.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "library/processors/parameters.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

/// In the order of number_function.
constexpr std::array<std::string_view, 5> names{"count", "sum", "min", "max", "mean"};

}  // namespace

result<std::vector<number_function>> add_functions(const std::string& text, bool has_value, schema& made,
                                                   field_kind number) {
  std::vector<number_function> all;
  for (const auto& name : split_list(text, ',')) {
    const auto known = std::ranges::find(names, name);
    if (known == names.end()) {
      return user_error(errc::invalid_argument,
                        "parameter 'functions' has '" + name + "': give some of count, sum, min, max, mean");
    }
    const auto f = static_cast<number_function>(known - names.begin());
    if (f != number_function::count && !has_value) {
      return user_error(errc::invalid_argument,
                        "parameter 'functions' has " + name + ": set 'value' to the field to take it of");
    }
    const auto kind = f == number_function::count  ? field_kind::integer
                      : f == number_function::mean ? field_kind::float64
                                                   : number;
    if (auto ok = add_column(made, name, kind); !ok) return ok.error();
    all.push_back(f);
  }
  if (all.empty()) return user_error(errc::invalid_argument, "parameter 'functions' is empty: give count, sum, …");
  return all;
}

}  // namespace millrace::library
