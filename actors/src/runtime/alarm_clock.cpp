#include "runtime/alarm_clock.hpp"

#include <chrono>

namespace millrace::runtime {

namespace {

using steady = std::chrono::steady_clock;

steady::time_point point_of(std::int64_t ns) {
  return steady::time_point{std::chrono::duration_cast<steady::duration>(std::chrono::nanoseconds{ns})};
}

}  // namespace

alarm_clock::alarm_clock() : thread_{[this] { loop(); }} {}

alarm_clock::~alarm_clock() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void alarm_clock::set(std::int64_t steady_ns, std::weak_ptr<engine::doorbell> bell) {
  bool is_first = false;
  {
    const std::lock_guard lock{mutex_};
    is_first = alarms_.empty() || steady_ns < alarms_.top().at;
    alarms_.push({steady_ns, std::move(bell)});
  }
  if (is_first) changed_.notify_one();
}

void alarm_clock::loop() {
  std::unique_lock lock{mutex_};
  while (!stop_) {
    if (alarms_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto due = point_of(alarms_.top().at);
    if (steady::now() < due) {
      changed_.wait_until(lock, due);
      continue;
    }
    const auto bell = alarms_.top().bell.lock();
    alarms_.pop();
    lock.unlock();
    if (bell) bell->ring();
    lock.lock();
  }
}

}  // namespace millrace::runtime
