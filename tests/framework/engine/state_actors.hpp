#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sample_actors.hpp"

/// Actors of the tests of state, registered as `state.*`; they take what `sim.numbers` emits.
namespace sample {

/// A record in two versions, and two that do not follow from it.
struct total_1 {
  std::int64_t count = 0;
};
MILLRACE_RECORD(total_1, 1, count)
struct total_2 {
  std::int64_t count = 0;
  std::int64_t bonus = 7;
};
MILLRACE_RECORD(total_2, 2, count, since(2, bonus))
struct total_text {
  std::string count;
};
MILLRACE_RECORD(total_text, 1, count)

inline constexpr std::int64_t life_ns = 20'000'000;

/// What `state.expiring` makes of `count` readings each of some sources: for each reading how many came before it
/// within the time to live.
[[nodiscard]] std::vector<outcome> expected_of_expiring(std::int64_t sources, std::int64_t count, std::int64_t keys);

}  // namespace sample
