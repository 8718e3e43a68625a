#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace millrace::testing {

/// The fewest elements `still_fails` is true for: no single one can be left out. `all` must fail.
///
/// Delta debugging (Zeller, Hildebrandt: Simplifying and isolating failure-inducing input, 2002), with complements
/// only.
template <class T, class Fails>
std::vector<T> minimise(std::vector<T> all, Fails&& still_fails) {
  if (still_fails(std::vector<T>{})) return {};
  for (std::size_t parts = 2; all.size() > 1;) {
    const auto chunk = (all.size() + parts - 1) / parts;
    bool smaller = false;
    for (std::size_t at = 0; at < all.size(); at += chunk) {
      auto rest = all;
      const auto first = rest.begin() + static_cast<std::ptrdiff_t>(at);
      rest.erase(first, rest.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, all.size())));
      if (rest.empty() || !still_fails(rest)) continue;
      all = std::move(rest);
      parts = std::max<std::size_t>(parts - 1, 2);
      smaller = true;
      break;
    }
    if (smaller) continue;
    if (chunk == 1) break;
    parts = std::min(parts * 2, all.size());
  }
  return all;
}

}  // namespace millrace::testing
