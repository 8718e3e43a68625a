#include "library/processors/quantile_sketch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace::library {

namespace {

using buckets = std::map<std::int32_t, std::int64_t>;

double growth(double accuracy) noexcept {
  return (1 + accuracy) / (1 - accuracy);
}

void cut(buckets& b) {
  while (b.size() > quantile_sketch::buckets_max) {
    const auto least = b.begin();
    std::next(least)->second += least->second;
    b.erase(least);
  }
}

/// In the middle of the bucket, in the sense of a relative error.
double middle_of(std::int32_t bucket, double factor) noexcept {
  return 2 * std::pow(factor, bucket) / (factor + 1);
}

}  // namespace

void quantile_sketch::add(double number, double accuracy) {
  min = count == 0 ? number : std::min(min, number);
  max = count == 0 ? number : std::max(max, number);
  ++count;
  const double size = std::abs(number);
  if (size < std::numeric_limits<double>::min()) {
    ++zeros;
    return;
  }
  auto& to = number > 0 ? above : below;
  ++to[static_cast<std::int32_t>(std::ceil(std::log(size) / std::log(growth(accuracy))))];
  cut(to);
}

void quantile_sketch::merge(const quantile_sketch& o) {
  if (o.count == 0) return;
  min = count == 0 ? o.min : std::min(min, o.min);
  max = count == 0 ? o.max : std::max(max, o.max);
  count += o.count;
  zeros += o.zeros;
  for (const auto& [bucket, n] : o.above) above[bucket] += n;
  for (const auto& [bucket, n] : o.below) below[bucket] += n;
  cut(above);
  cut(below);
}

double quantile_sketch::at(double q, double accuracy) const {
  const double factor = growth(accuracy);
  const auto rank = static_cast<std::int64_t>(q * static_cast<double>(count - 1));
  if (rank == 0) return min;
  if (rank == count - 1) return max;
  std::int64_t before = 0;
  for (auto b = below.rbegin(); b != below.rend(); ++b) {
    before += b->second;
    if (before > rank) return std::clamp(-middle_of(b->first, factor), min, max);
  }
  before += zeros;
  if (before > rank) return 0;
  for (const auto& [bucket, n] : above) {
    before += n;
    if (before > rank) return std::clamp(middle_of(bucket, factor), min, max);
  }
  return max;
}

}  // namespace millrace::library
