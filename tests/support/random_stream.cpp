#include "support/random_stream.hpp"

#include <algorithm>
#include <cmath>

namespace support {

using millrace::random_source;

stream_shape random_stream(std::uint64_t seed, random_source& random, count_range events) {
  stream_shape s;
  s.seed = static_cast<std::int64_t>(seed);
  s.producers = 1 + static_cast<std::uint32_t>(random.below(3));
  s.silent = random.below(3) == 0 ? static_cast<std::uint32_t>(random.below(s.producers)) : 0;
  s.count =
      events.least + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(events.most - events.least)));
  s.keys = 1 + static_cast<std::int64_t>(random.below(12));
  s.skew = static_cast<key_skew>(random.below(4));
  if (s.skew == key_skew::zipf) s.keys *= 3;
  s.crashes = static_cast<int>(random.below(3));
  s.batches = random.below(2) == 0 ? millrace::testing::payload::shared : millrace::testing::payload::encoded;
  return s;
}

std::int64_t draw_key(random_source& random, std::int64_t keys, key_skew skew) {
  const auto n = static_cast<std::uint64_t>(keys);
  switch (skew) {
    case key_skew::even:
      return static_cast<std::int64_t>(random.below(n));
    case key_skew::mild:
      return static_cast<std::int64_t>(std::min(random.below(n), random.below(n)));
    case key_skew::zipf: {
      double sum = 0;
      for (std::uint64_t r = 1; r <= n; ++r) sum += std::pow(static_cast<double>(r), -1.5);
      auto at = random.uniform() * sum;
      for (std::uint64_t r = 1; r < n; ++r) {
        at -= std::pow(static_cast<double>(r), -1.5);
        if (at < 0) return static_cast<std::int64_t>(r - 1);
      }
      return keys - 1;
    }
    case key_skew::one_key:
      return keys / 2;
  }
  return 0;
}

std::string text_of(const stream_shape& s) {
  constexpr const char* names[] = {"even", "mild", "zipf", "one key"};
  const auto* skew = names[static_cast<std::size_t>(s.skew)];
  return "seed " + std::to_string(s.seed) + " (" + std::to_string(s.producers) + " producers, " +
         std::to_string(s.silent) + " silent, " + std::to_string(s.count) + " events each, " + std::to_string(s.keys) +
         " keys, " + skew + ", crashes " + std::to_string(s.crashes) + ")";
}

}  // namespace support
