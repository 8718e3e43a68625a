#pragma once

#include <cstdint>
#include <string>

#include "millrace/context.hpp"
#include "millrace/testing/simulation.hpp"

/// What the random streams of the property tests have in common: how many producers and keys, which producers have
/// nothing to say, and how the events are spread over the keys.
namespace support {

/// How often each key comes.
enum class key_skew : std::uint8_t {
  even,
  mild,     ///< the smaller of two even draws
  zipf,     ///< the key of rank r as often as r^−1.5
  one_key,  ///< every event is of one key, so most partitions have nothing to do
};

struct stream_shape {
  std::int64_t seed = 1;
  std::uint32_t producers = 2;
  std::uint32_t silent = 0;  ///< of the producers; they say that they are idle and emit nothing
  std::int64_t count = 120;  ///< events of a producer that is not
  std::int64_t keys = 5;
  key_skew skew = key_skew::mild;
  int crashes = 0;
  millrace::testing::payload batches = millrace::testing::payload::shared;

  /// Events of producer `p`.
  [[nodiscard]] std::int64_t count_of(std::int64_t p) const noexcept { return p + silent < producers ? count : 0; }
};

struct count_range {
  std::int64_t least = 30;
  std::int64_t most = 150;
};

/// A shape in which everything above can happen; a function of `random` alone. Not all producers are silent.
[[nodiscard]] stream_shape random_stream(std::uint64_t seed, millrace::random_source& random, count_range events);
/// A key less than `keys`.
[[nodiscard]] std::int64_t draw_key(millrace::random_source& random, std::int64_t keys, key_skew skew);
/// For messages: "seed 7 (2 producers, 1 silent, …)".
[[nodiscard]] std::string text_of(const stream_shape& s);

}  // namespace support
