#pragma once

#include "millrace/chaos/armed_fault.hpp"

namespace millrace::chaos {

/// A clock whose time of day faults may move, stop or stretch; what measures durations goes on as it is.
/// Thread: any.
class faulty_clock final : public engine::clock {
public:
  [[nodiscard]] processing_time now() const override {
    const auto t = true_.now();
    return faults_ == nullptr || !faults_->is_on() ? t : moved(t, true);
  }
  /// The same for those who only look at a run: faults do not count it as a strike.
  [[nodiscard]] processing_time shown() const {
    const auto t = true_.now();
    return faults_ == nullptr || !faults_->is_on() ? t : moved(t, false);
  }
  [[nodiscard]] std::int64_t steady_ns() const override { return true_.steady_ns(); }
  /// Before anybody else has the clock. The switch outlives its use.
  void obey(const fault_switch& faults) noexcept { faults_ = &faults; }

private:
  [[nodiscard]] processing_time moved(processing_time t, bool strikes) const;

  engine::system_clock true_;
  const fault_switch* faults_ = nullptr;
};

}  // namespace millrace::chaos
