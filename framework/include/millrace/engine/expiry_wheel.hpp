#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "millrace/engine/row_store.hpp"

namespace millrace::engine {

/// Which rows may hold something that has expired, found without looking at the others.
///
/// Rows wait in buckets of 1/64 of the time to live, each row in one bucket at most whatever number of times it is
/// touched: when its bucket is due, whoever takes the row looks at its stamp and puts it back if it was touched since.
/// So a write costs a bit test, an expiry comes at most 1/64 of the time to live late, and a row costs four bytes. A
/// row that was erased and used again may sit in the bucket of its predecessor. Not in snapshots: rebuilt from the
/// rows. Thread: owning actor.
class expiry_wheel {
public:
  explicit expiry_wheel(std::int64_t ttl_ns) : width_{std::max<std::int64_t>(1, ttl_ns / 64)} {}

  void add(row_id row, std::int64_t expires) {
    if (row >= waits_.size()) waits_.resize(std::max<std::size_t>(row + std::size_t{1}, waits_.size() * 2));
    if (waits_[row]) return;
    waits_[row] = true;
    buckets_[bucket_of(expires)].push_back(row);
  }
  /// One row of a bucket that lies wholly before `now`; it no longer waits.
  [[nodiscard]] std::optional<row_id> take(std::int64_t now) {
    if (!is_due(now)) return std::nullopt;
    auto& rows = buckets_.begin()->second;
    const auto row = rows.back();
    rows.pop_back();
    waits_[row] = false;
    if (rows.empty()) buckets_.erase(buckets_.begin());
    return row;
  }
  [[nodiscard]] bool is_due(std::int64_t now) const noexcept {
    return !buckets_.empty() && buckets_.begin()->first < bucket_of(now);
  }
  /// The moment the first bucket is due, if there is one.
  [[nodiscard]] std::optional<std::int64_t> next() const noexcept {
    if (buckets_.empty()) return std::nullopt;
    return (buckets_.begin()->first + 1) * width_;
  }

private:
  [[nodiscard]] std::int64_t bucket_of(std::int64_t at) const noexcept {
    return at / width_ - (at % width_ < 0 ? 1 : 0);
  }

  std::int64_t width_;
  std::map<std::int64_t, std::vector<row_id>> buckets_;
  std::vector<bool> waits_;  // by row
};

}  // namespace millrace::engine
