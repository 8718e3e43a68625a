#include "millrace/inspect/tap.hpp"

#include <utility>

namespace millrace::inspect {

tap::tap(std::shared_ptr<const engine::clock> time, std::chrono::nanoseconds lease)
    : time_{std::move(time)}, lease_{lease}, ends_ns_{time_->steady_ns() + lease.count()} {
  kept_.reserve(glimpses_max);
}

void tap::offer(const engine::frame& taken, std::uint32_t skip) {
  passed_.fetch_add(taken.count - skip, std::memory_order_relaxed);
  if (is_full_.load(std::memory_order_relaxed) || skip >= taken.count) return;
  const std::lock_guard lock{mutex_};
  const auto bytes = taken.body->bytes();
  // A batch larger than all the room there is can be seen, too: alone.
  if (kept_.size() == glimpses_max || (!kept_.empty() && bytes_ + bytes > bytes_max)) {
    is_full_.store(true, std::memory_order_relaxed);
    return;
  }
  bytes_ += bytes;
  kept_.push_back({taken.channel, taken.body, taken.first, skip, taken.count, taken.watermark});
}

tap::harvest tap::take() {
  ends_ns_.store(time_->steady_ns() + lease_.count(), std::memory_order_relaxed);
  harvest out;
  out.kept.reserve(glimpses_max);
  const std::lock_guard lock{mutex_};
  std::swap(out.kept, kept_);
  bytes_ = 0;
  out.passed = passed_.exchange(0, std::memory_order_relaxed);
  is_full_.store(false, std::memory_order_relaxed);
  return out;
}

}  // namespace millrace::inspect
