#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace::engine {

/// A key that takes a large part of a stream.
struct hot_key {
  std::string key;   ///< as JSON
  double share = 0;  ///< of the events, lately; never too low but for what sampling leaves to chance
  double error =
      0;  ///< the share may be too high by as much: the sketch's bound and two standard deviations of sampling
};

/// The share of one key from which on it is worth talking about, with `partitions` to spread keys over: the partition
/// that owns it has then half as much again to do as the average one.
[[nodiscard]] double hot_share(std::uint32_t partitions) noexcept;

/// What one task says about its hot keys and anybody reads. Thread: any.
class hot_key_board {
public:
  void post(std::vector<hot_key> keys) {
    const std::lock_guard lock{mutex_};
    keys_ = std::move(keys);
  }
  [[nodiscard]] std::vector<hot_key> read() const {
    const std::lock_guard lock{mutex_};
    return keys_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<hot_key> keys_;
};

}  // namespace millrace::engine
