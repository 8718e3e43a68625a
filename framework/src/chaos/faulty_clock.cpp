#include "millrace/chaos/faulty_clock.hpp"

namespace millrace::chaos {

processing_time faulty_clock::moved(processing_time t, bool strikes) const {
  for (const auto& f : faults_->faults()) {
    const auto since = true_.steady_ns() - f->begun_ns();
    if (!(strikes && f->strikes(0, 0)) && !f->is_active()) continue;
    if (f->kind() == fault_kind::clock_offset) {
      t.ns += f->parameter_ns("offset_ms");
    } else if (f->kind() == fault_kind::clock_freeze) {
      t.ns -= since;
    } else if (f->kind() == fault_kind::clock_drift) {
      t.ns += static_cast<std::int64_t>(static_cast<double>(since) * f->parameter("drift_percent") / 100);
    }
  }
  return t;
}

}  // namespace millrace::chaos
