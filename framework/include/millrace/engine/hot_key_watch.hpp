#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/engine/frequent_items.hpp"
#include "millrace/engine/hot_keys.hpp"
#include "millrace/key.hpp"

namespace millrace::engine {

/// Watches which keys pass a router.
///
/// The problem: the router is the last place where a skewed stream is whole, and the busiest one. So it looks at one
/// event in `sample_every` (at distances that are random, because streams have rhythms), by the hash it has anyway,
/// and asks for the key's bytes only when a hash is seen again and again. Not part of snapshots. Thread: owning task.
class hot_key_watch {
public:
  static constexpr std::uint32_t sample_every = 64;
  /// Fewer samples say nothing.
  static constexpr double samples_min = 128;
  static constexpr std::size_t reported_max = 8;
  /// Keys of a smaller share are not reported.
  static constexpr double reported_share_min = 0.01;

  explicit hot_key_watch(std::uint64_t seed) : random_{seed} {}

  /// `hashes`: those of the keys of `records`.
  void look(std::span<const std::uint64_t> hashes, const batch& records, const key_extractor& key) {
    for (; next_ < hashes.size(); next_ += 1 + random_.below(2 * sample_every - 1)) {
      take(static_cast<std::uint32_t>(next_), hashes, records, key);
    }
    next_ -= hashes.size();
  }
  /// Largest share first. Keys that are data about a person are masked, for everybody.
  [[nodiscard]] std::vector<hot_key> report() const;

private:
  void take(std::uint32_t row, std::span<const std::uint64_t> hashes, const batch& records, const key_extractor& key);

  random_source random_;
  std::size_t next_ = 0;
  frequent_items seen_;
  bool is_personal_ = false;  // what the keys are made of, or may be
  struct known {
    std::uint32_t times = 0;  ///< seen since the counter became this item's
    key_bytes key{};
  };
  std::array<known, frequent_items::counters> keys_{};
};

}  // namespace millrace::engine
