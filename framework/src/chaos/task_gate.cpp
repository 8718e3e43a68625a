#include "millrace/chaos/task_gate.hpp"

#include <limits>

namespace millrace::chaos {

bool task_gate::pass(std::uint64_t events) const {
  bool goes_on = true;
  for (const auto& f : faults_->faults()) {
    const auto kind = f->kind();
    // Those of producers strike what they read.
    if (entry_of(kind).place == fault_place::producer || !f->strikes(task_.value, events)) continue;
    if (kind == fault_kind::slow) {
      f->wait(f->parameter_ns("delay_ms"));
    } else if (kind == fault_kind::hang) {
      f->wait(std::numeric_limits<std::int64_t>::max() / 4);
    } else if (kind == fault_kind::kill) {
      goes_on = false;
    } else {
      throw injected_failure{"injected failure (fault " + std::to_string(f->id()) + ")"};
    }
  }
  return goes_on;
}

bool task_gate::is_stalled() const {
  for (const auto& f : faults_->faults()) {
    if (f->kind() == fault_kind::stall && f->strikes(task_.value, 0)) return true;
  }
  return false;
}

}  // namespace millrace::chaos
