#pragma once

#include <string>

#include "millrace/context.hpp"
#include "millrace/engine/clock.hpp"
#include "millrace/engine/task_snapshot.hpp"
#include "millrace/ids.hpp"

namespace millrace::engine {

/// What a task asks of whoever runs it: a CAF actor live, the scheduler of the simulation in tests.
/// Thread: called by the task, on its thread.
class task_host {
public:
  virtual ~task_host() = default;

  /// Step the task again at `steady_ns` at the latest (rings of its doorbell may come before).
  virtual void wake_at(std::int64_t steady_ns) = 0;
  /// The target of an epoch whose barrier arrived.
  [[nodiscard]] virtual epoch_target target_of(epoch_id epoch) = 0;
  virtual void snapshot_taken(task_snapshot&& part) = 0;
  /// This task could not take part in the epoch (a sink could not prepare): give the epoch up.
  virtual void snapshot_failed(epoch_id epoch, const error& why) = 0;
  /// A snapshot soon would be good: what waits for it takes much memory.
  virtual void want_snapshot() {}
  /// All input is handled and everything emitted has been sent on.
  virtual void ended() = 0;
  virtual void log(log_level level, std::string message) = 0;
};

}  // namespace millrace::engine
