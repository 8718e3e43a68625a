#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/inline_string.hpp"

namespace millrace::nexmark {

using side_value = inline_string<15>;
inline constexpr std::uint64_t side_rows = 10'000;

/// The table q13 looks into: row k holds `value-k`.
[[nodiscard]] inline std::vector<side_value> make_side_table() {
  std::vector<side_value> table;
  table.reserve(side_rows);
  for (std::uint64_t k = 0; k < side_rows; ++k) table.emplace_back("value-" + std::to_string(k));
  return table;
}

}  // namespace millrace::nexmark
