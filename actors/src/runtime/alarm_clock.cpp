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

void alarm_clock::set(std::int64_t steady_ns, const std::shared_ptr<engine::doorbell>& bell) {
  bool is_first = false;
  {
    const std::lock_guard lock{mutex_};
    const auto [at, is_new] = set_for_.try_emplace(bell.get(), steady_ns);
    if (!is_new) alarms_.erase({std::exchange(at->second, steady_ns), bell.get()});
    is_first = alarms_.empty() || steady_ns < alarms_.begin()->first.first;
    alarms_.emplace(std::pair{steady_ns, bell.get()}, bell);
  }
  if (is_first) changed_.notify_one();
}

std::size_t alarm_clock::waiting() const {
  const std::lock_guard lock{mutex_};
  return alarms_.size();
}

void alarm_clock::loop() {
  std::unique_lock lock{mutex_};
  while (!stop_) {
    if (alarms_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = alarms_.begin();
    const auto due = point_of(first->first.first);
    if (steady::now() < due) {
      changed_.wait_until(lock, due);
      continue;
    }
    const auto bell = first->second.lock();
    set_for_.erase(first->first.second);
    alarms_.erase(first);
    lock.unlock();
    if (bell) bell->ring();
    lock.lock();
  }
}

}  // namespace millrace::runtime
