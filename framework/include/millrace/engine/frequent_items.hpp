#pragma once

#include <array>
#include <cstdint>

namespace millrace::engine {

/// Finds the most frequent items of a stream in a fixed amount of memory, weighing the present more than the past.
///
/// The problem: nobody can keep a count for each of a million keys only to tell which of them is hot. Space-Saving
/// (Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in data streams, 2005) keeps
/// `counters` of them; an item without a counter takes the smallest one over. All weights are halved every `half_life`
/// items. With W the weight of all items (`weight()`, at most 2 · half_life) it holds at any time, whatever the order:
///
/// - an item's weight is at most `estimate`, and at least `estimate` − `error`;
/// - `error` is at most W / counters;
/// - every item of more than W / counters of the weight has a counter.
///
/// Weights are whole 1/256 of an item and rounded up when halved, so that the first two hold exactly; the third, and
/// the second's bound, within counters/256 of an item. Thread: one owner.
class frequent_items {
public:
  static constexpr std::uint32_t counters = 64;
  static constexpr std::uint32_t half_life = 4096;

  frequent_items() noexcept;

  struct place {
    std::uint32_t counter;
    bool is_new;  ///< the counter was another item's before
  };
  place add(std::uint64_t item) noexcept;

  [[nodiscard]] std::uint64_t item(std::uint32_t counter) const noexcept { return items_[counter]; }
  /// 0: the counter is nobody's yet.
  [[nodiscard]] double estimate(std::uint32_t counter) const noexcept {
    return in_items(weights_[counter] >> index_bits);
  }
  [[nodiscard]] double error(std::uint32_t counter) const noexcept { return in_items(errors_[counter]); }
  [[nodiscard]] double weight() const noexcept { return in_items(total_); }

private:
  static constexpr std::int32_t one = 256;
  static constexpr unsigned index_bits = 6;
  static_assert(counters == 1U << index_bits);
  static_assert((std::int64_t{2} * half_life + counters) * one << index_bits < INT32_MAX);

  [[nodiscard]] static double in_items(std::int32_t w) noexcept { return static_cast<double>(w) / one; }
  void halve() noexcept;

  // Apart, and plain numbers of 32 bits, so that the compiler makes a search a few vector instructions.
  std::array<std::uint32_t, counters> tags_{};  // low bits of the items
  std::array<std::int32_t, counters>
      weights_{};  // weight · 64 + the counter's number, so that the least one names itself
  std::array<std::int32_t, counters> errors_{};
  std::array<std::uint64_t, counters> items_{};
  std::int32_t total_ = 0;
  std::uint32_t since_halved_ = 0;
};

}  // namespace millrace::engine
