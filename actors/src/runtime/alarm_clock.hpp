#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "millrace/engine/channel.hpp"

namespace millrace::runtime {

/// Rings doorbells at given times. One thread for a whole run: CAF's own delayed messages would do, but cost a message
/// and a heap entry each time a producer is paced.
///
/// Bounded by its users: a task has at most one alarm set (see task_actor). Thread: any.
class alarm_clock {
public:
  alarm_clock();
  ~alarm_clock();
  alarm_clock(const alarm_clock&) = delete;
  alarm_clock& operator=(const alarm_clock&) = delete;

  void set(std::int64_t steady_ns, std::weak_ptr<engine::doorbell> bell);

private:
  struct alarm {
    std::int64_t at;
    std::weak_ptr<engine::doorbell> bell;
    bool operator<(const alarm& other) const noexcept { return at > other.at; }
  };
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<alarm> alarms_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace millrace::runtime
