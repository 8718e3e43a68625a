#pragma once

#include <cstdint>
#include <map>

#include "millrace/record.hpp"
#include "millrace/window.hpp"

namespace millrace::library {

/// Estimates quantiles of numbers with a relative error: counts in buckets whose bounds grow by a constant factor.
///
/// DDSketch (Masson, Rim, Lee: A fast and fully-mergeable quantile sketch with relative-error guarantees, 2019). With
/// `accuracy` a the estimate lies within a share a of the value that stands at rank floor(q · (n − 1)), whatever was
/// merged in which order. Beyond `buckets_max` buckets the ones nearest to zero become one, so the guarantee holds for
/// values whose size is within a factor of e^(2 · a · buckets_max) of the largest. Thread: one owner.
struct quantile_sketch {
  static constexpr std::size_t buckets_max = 4096;

  std::map<std::int32_t, std::int64_t> above;  ///< numbers above zero, by bucket
  std::map<std::int32_t, std::int64_t> below;  ///< those below, by the bucket of their size
  std::int64_t zeros{};
  std::int64_t count{};
  double min{};
  double max{};

  /// `number` must be finite; `accuracy` the same for everything that is merged.
  void add(double number, double accuracy);
  void merge(const quantile_sketch& o);
  /// Something must have been added; `q` from 0 to 1. The least and the largest are exact.
  [[nodiscard]] double at(double q, double accuracy) const;
};
MILLRACE_RECORD(quantile_sketch, 1, above, below, zeros, count, min, max)

}  // namespace millrace::library
