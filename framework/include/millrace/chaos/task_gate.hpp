#pragma once

#include <cstdint>
#include <stdexcept>

#include "millrace/chaos/armed_fault.hpp"
#include "millrace/ids.hpp"

namespace millrace::chaos {

/// What a handler throws because somebody wanted it.
struct injected_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a task meets the faults that are at it. Thread: owning task.
class task_gate {
public:
  task_gate(const fault_switch& faults, task_id task) : faults_{&faults}, task_{task} {}

  [[nodiscard]] bool is_on() const noexcept { return faults_->is_on(); }
  /// Stands before so many events: waits when the task is to hang or to be slow, throws `injected_failure` when a
  /// handler is to. False: the task is to end.
  [[nodiscard]] bool pass(std::uint64_t events) const;
  /// Producers: it is not to be asked for events now.
  [[nodiscard]] bool is_stalled() const;
  /// All that are at the task, those of producers included.
  [[nodiscard]] fault_switch::list faults() const { return faults_->faults(); }
  [[nodiscard]] std::uint32_t place() const noexcept { return task_.value; }

private:
  const fault_switch* faults_;
  task_id task_;
};

}  // namespace millrace::chaos
