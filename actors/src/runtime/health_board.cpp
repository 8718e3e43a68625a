#include "runtime/health_board.hpp"

#include <algorithm>

namespace millrace::runtime {

const char* to_string(health h) noexcept {
  switch (h) {
    case health::starting:
      return "starting";
    case health::running:
      return "running";
    case health::degraded:
      return "degraded";
    case health::restoring:
      return "restoring";
    case health::backing_off:
      return "backing_off";
    case health::failed:
      return "failed";
  }
  return "?";
}

void health_board::set(task_id task, health now, const std::string& why) {
  const std::lock_guard lock{mutex_};
  put(tasks_[task.value], now, why);
}

void health_board::change(task_id task, health from, health to, const std::string& why) {
  const std::lock_guard lock{mutex_};
  if (tasks_[task.value].now.now == from) put(tasks_[task.value], to, why);
}

health_change health_board::of(task_id task) const {
  const std::lock_guard lock{mutex_};
  return tasks_[task.value].now;
}

void health_board::read_into(std::vector<task_status>& rows) const {
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < std::min(rows.size(), tasks_.size()); ++i) {
    rows[i].health = tasks_[i].now;
    rows[i].was.assign(tasks_[i].was.begin(), tasks_[i].was.end());
  }
}

void health_board::put(record& r, health now, const std::string& why) {
  if (r.now.now == now && r.now.why == why) return;
  r.was.push_back(std::move(r.now));
  if (r.was.size() > changes_max) r.was.pop_front();
  r.now = {now, why, time_.now()};
}

}  // namespace millrace::runtime
