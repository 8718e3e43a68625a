#include "runtime/run_watches.hpp"

#include <utility>

#include "inspect/lua_condition.hpp"

namespace millrace::runtime {

run_watches::run_watches(const engine::plan& plan, alarm_clock& alarms,
                         std::function<void(log_level, const std::string&)> log, std::function<bool(task_id)> is_here)
    : board_{{&plan, std::make_shared<engine::system_clock>(), inspect::make_lua_condition, std::move(log),
              std::move(is_here), [this, &alarms](std::int64_t at) { alarms.set(at, sweeper_); }}} {
  sweeper_->board = &board_;
}

run_watches::~run_watches() {
  board_.close();
  const std::lock_guard lock{sweeper_->mutex};
  sweeper_->board = nullptr;
}

}  // namespace millrace::runtime
