#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/engine/clock.hpp"
#include "millrace/runtime/health.hpp"
#include "millrace/runtime/run_status.hpp"

namespace millrace::runtime {

/// How each task of a run is, and how it was before. Thread: any.
class health_board {
public:
  static constexpr std::size_t changes_max = 16;  ///< of a task

  health_board(std::size_t tasks, const engine::clock& time) : time_{time}, tasks_(tasks) {
    for (auto& t : tasks_) t.now.at = time.now();
  }

  /// The same health with another reason is a change; the same reason is none.
  void set(task_id task, health now, const std::string& why = {});
  /// Only when the task's health is `from`.
  void change(task_id task, health from, health to, const std::string& why = {});
  [[nodiscard]] health_change of(task_id task) const;
  void read_into(std::vector<task_status>& rows) const;

private:
  struct record {
    health_change now;
    std::deque<health_change> was;
  };
  void put(record& r, health now, const std::string& why);

  const engine::clock& time_;
  mutable std::mutex mutex_;
  std::vector<record> tasks_;
};

}  // namespace millrace::runtime
