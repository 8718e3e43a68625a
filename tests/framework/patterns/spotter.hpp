#pragma once

#include <cstdint>
#include <vector>

#include "brute_force.hpp"
#include "engine/sample_actors.hpp"

/// The actor of pattern_matcher_test: readings of the engine's samples in, what a pattern finds in them out.
namespace spotting {

struct shape {
  std::uint32_t producers = 2;
  std::uint32_t partitions = 3;
  std::int64_t count = 150;  ///< readings a producer
  std::int64_t keys = 40;
  support::key_skew skew = support::key_skew::even;
  std::uint32_t silent = 0;  ///< of the producers
};

/// The pattern of `sim.spotter` as the brute force takes it.
[[nodiscard]] millrace::patterns::definition spotted();

/// What the sink must hold in the end, found by brute force; sorted. `ordinal` is the place among a key's results.
[[nodiscard]] std::vector<sample::outcome> expected_output(const shape& s, bool loses_timeouts = false);

}  // namespace spotting
