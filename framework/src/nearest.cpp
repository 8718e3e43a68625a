#include "millrace/detail/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace millrace::detail {
namespace {

/// Names are short; longer texts are compared by their start, which keeps the work bounded.
constexpr std::size_t compared_max = 64;
constexpr std::size_t listed_max = 12;

/// Optimal string alignment distance (Damerau 1964, restricted): a swap of neighbours counts as one slip.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  text = text.substr(0, compared_max);
  std::string best;
  // A third of the letters may be wrong: more is another word.
  std::size_t best_distance = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const auto d = distance(text, std::string_view{candidate}.substr(0, compared_max));
    if (d >= best_distance) continue;
    best_distance = d;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates) {
  const auto best = nearest(text, candidates);
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

std::string quoted_list(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < listed_max; ++i) text += (i == 0 ? "'" : ", '") + names[i] + "'";
  if (names.size() > listed_max) text += " and " + std::to_string(names.size() - listed_max) + " more";
  return text;
}

}  // namespace millrace::detail
