#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::engine {

/// How much all lanes of a process may retain together.
///
/// Each lane has a limit of its own, but there may be thousands of them. Whoever would go beyond the common limit lets
/// go of what it has; what waits for a receiver that is away counts, too, and beyond the limit its senders wait.
/// Thread: any.
class retained_budget {
public:
  explicit retained_budget(std::uint64_t bytes_max) noexcept : bytes_max_{bytes_max} {}

  /// False: there is no room for so much more.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    give_back(bytes);
    return false;
  }
  /// Takes it even where there is no room: what is there already cannot be let go.
  void take_anyway(std::uint64_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] bool is_used_up() const noexcept { return used() >= bytes_max_; }
  void give_back(std::uint64_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t bytes_max() const noexcept { return bytes_max_; }

private:
  std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace millrace::engine
