#include "runtime/run_faults.hpp"

#include <utility>

#include "millrace/chaos/disk_faults.hpp"

namespace millrace::runtime {

run_faults::run_faults(const engine::plan& plan, alarm_clock& alarms,
                       std::function<void(log_level, const std::string&)> log, std::function<bool(task_id)> is_here,
                       distant_nodes others)
    : board_{{&plan, std::make_shared<engine::system_clock>(), std::move(log), std::move(is_here),
              [this, &alarms](std::int64_t at) { alarms.set(at, sweeper_); },
              [this](const std::shared_ptr<chaos::armed_fault>& f) { afflict(f); }, std::move(others.node_of),
              std::move(others.tell), std::move(others.own_name)}} {
  sweeper_->board = &board_;
}

run_faults::~run_faults() {
  board_.close();
  const std::lock_guard lock{sweeper_->mutex};
  sweeper_->board = nullptr;
}

void run_faults::afflict(const std::shared_ptr<chaos::armed_fault>& f) {
  if (chaos::entry_of(f->kind()).place == chaos::fault_place::disk) {
    chaos::afflict_disk(f);
  } else {
    process_.afflict(f);
  }
}

}  // namespace millrace::runtime
