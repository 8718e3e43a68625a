#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::chaos {

/// One record that a topology has committed.
struct output_record {
  std::uint32_t partition = 0;  ///< of the sink
  std::string key;              ///< what order and changes are judged by
  std::string text;             ///< all of it
};

enum class output_order : std::uint8_t {
  none,    ///< a multiset: what came when does not matter
  by_key,  ///< the records of one key come in one order
};

/// What became of the records of a run without faults in one with faults.
struct output_difference {
  std::uint64_t expected = 0;           ///< records of the run without faults
  std::uint64_t found = 0;              ///< of the other
  std::uint64_t lost = 0;               ///< are not there
  std::uint64_t duplicated = 0;         ///< are there more often
  std::uint64_t changed = 0;            ///< are not there, and another one of the same key is instead
  std::uint64_t unexpected = 0;         ///< are there without a counterpart
  std::uint64_t reordered = 0;          ///< of one key, that would have to move for the order to be the same
  std::vector<std::string> examples{};  ///< some of each, for people

  [[nodiscard]] bool is_equal() const noexcept {
    return lost == 0 && duplicated == 0 && changed == 0 && unexpected == 0 && reordered == 0;
  }
};

/// Compares what was committed, over all partitions. Order, where it counts, is that of the records of a key in the
/// partition they are in. Pure. O(n log n); reordered records by the longest increasing subsequence
/// (Fredman 1975, "On computing the length of longest increasing subsequences").
[[nodiscard]] output_difference compare_outputs(const std::vector<output_record>& expected,
                                                const std::vector<output_record>& found, output_order order);

}  // namespace millrace::chaos
