#pragma once

#include <cstdint>
#include <vector>

#include "millrace/engine/trace.hpp"

namespace millrace::engine {

/// Which events of a topology are traced.
struct trace_rule {
  std::uint64_t one_in = 0;  ///< of so many events of a producer's output one is traced; 0: none
  std::uint64_t seed = 0;
  /// More of one producer partition are left out whole, and counted: half a trace says nothing, and no collector takes
  /// one percent of ten million a second. 0: no limit.
  std::uint32_t per_second_max = 100;
};

/// Chooses, for one output of one producer partition, the events to be traced.
///
/// Of each block of `one_in` sequences one, drawn by a hash of the seed and the block: which one depends on nothing
/// else, so a run that is repeated traces the same events, and a batch costs a division, whatever its size. The limit
/// alone depends on the clock. Thread: owning task.
class trace_sampler {
public:
  /// `salt`: differs between the outputs of a topology.
  trace_sampler(const trace_rule& rule, std::uint64_t salt) noexcept;

  /// Rows of the batch whose first event has sequence `first`, ascending, into `out`, which is cleared first. `now`:
  /// steady clock, nanoseconds.
  void choose(std::uint64_t first, std::uint32_t count, std::int64_t now, std::vector<std::uint32_t>& out);
  /// Chosen, and left out because of the limit.
  [[nodiscard]] std::uint64_t limited() const noexcept { return limited_; }

private:
  [[nodiscard]] bool passes(std::int64_t now) noexcept;

  trace_rule rule_;
  std::uint64_t salt_;
  std::uint64_t limited_ = 0;
  double tokens_;
  std::int64_t filled_at_ = 0;
};

/// SplitMix64's finalizer (Steele, Lea, Flood 2014): neighbours in, no neighbours out.
[[nodiscard]] constexpr std::uint64_t scatter_bits(std::uint64_t z) noexcept {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

}  // namespace millrace::engine
