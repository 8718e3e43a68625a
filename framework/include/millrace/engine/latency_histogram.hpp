#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace millrace::engine {

/// Latencies from 1 µs to about 19 hours with 6 % resolution: 16 steps to each power of two (the layout of
/// HdrHistogram, Gil Tene). One writer, any readers; a reader sees each bucket current and the whole nearly so.
class latency_histogram {
public:
  static constexpr std::size_t buckets = 16 * 33;
  using counts = std::array<std::uint64_t, buckets>;

  void record(std::int64_t ns, std::uint64_t times) noexcept {
    auto& bucket = counts_[index_of(ns)];
    bucket.store(bucket.load(std::memory_order_relaxed) + times, std::memory_order_relaxed);
  }
  void add_to(counts& sum) const noexcept {
    for (std::size_t i = 0; i < buckets; ++i) sum[i] += counts_[i].load(std::memory_order_relaxed);
  }

  [[nodiscard]] static std::uint64_t total(const counts& c) noexcept {
    std::uint64_t sum = 0;
    for (const auto n : c) sum += n;
    return sum;
  }
  /// The value below which a share `q` (0…1) of `c` lies, in nanoseconds; 0 when empty.
  [[nodiscard]] static std::int64_t quantile(const counts& c, double q) noexcept {
    const auto all = total(c);
    if (all == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(all - 1)) + 1;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      seen += c[i];
      if (seen >= rank) return upper_bound_ns(i);
    }
    return upper_bound_ns(buckets - 1);
  }

  /// No latency counted in bucket `index` is longer.
  static constexpr std::int64_t upper_bound_ns(std::size_t index) noexcept {
    if (index < 16) return (static_cast<std::int64_t>(index) + 1) * 1000;
    const auto power = index / 16 - 1;
    return static_cast<std::int64_t>((16 + index % 16 + 1) << power) * 1000;
  }

private:
  static constexpr std::size_t index_of(std::int64_t ns) noexcept {
    const auto us = static_cast<std::uint64_t>(ns < 0 ? 0 : ns) / 1000;
    if (us < 16) return static_cast<std::size_t>(us);
    const auto power = static_cast<std::size_t>(std::bit_width(us)) - 5;
    const auto at = 16 * (power + 1) + static_cast<std::size_t>((us >> power) & 15U);
    return at < buckets ? at : buckets - 1;
  }
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
};

}  // namespace millrace::engine
