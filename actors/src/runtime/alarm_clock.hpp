#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "millrace/engine/channel.hpp"

namespace millrace::runtime {

/// Rings doorbells at given times. One thread for a whole run: CAF's own delayed messages would do, but cost a message
/// and a heap entry each time a producer is paced.
///
/// A bell has one alarm at the most, so there are never more than bells: a task that waits for an hour says so again
/// each time something else wakes it. Thread: any.
class alarm_clock {
public:
  alarm_clock();
  ~alarm_clock();
  alarm_clock(const alarm_clock&) = delete;
  alarm_clock& operator=(const alarm_clock&) = delete;

  /// Rings `bell` once when that time has come. Takes the place of the alarm set for it before.
  void set(std::int64_t steady_ns, const std::shared_ptr<engine::doorbell>& bell);

  /// Alarms that have not rung yet.
  [[nodiscard]] std::size_t waiting() const;

private:
  // By time; the address is the bell's, for two of the same time. A bell that is gone leaves its entry until it is due.
  using alarms = std::map<std::pair<std::int64_t, const engine::doorbell*>, std::weak_ptr<engine::doorbell>>;
  void loop();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  alarms alarms_;
  std::unordered_map<const engine::doorbell*, std::int64_t> set_for_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace millrace::runtime
