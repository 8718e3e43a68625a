#pragma once

#include <atomic>

namespace millrace::engine {

/// What a fault point tells its caller to do.
enum class fault_action {
  proceed,
  fail,
  full,    ///< fail for want of room
  half,    ///< write half of it first; where nobody can, fail
  damage,  ///< read something else
};

/// Decides what happens at a named point. May also not return (a crash test kills the process here).
using fault_hook = fault_action (*)(const char* point);

namespace detail {
inline std::atomic<fault_hook> installed_fault_hook{nullptr};
}

/// Installs the hook every fault point asks; nullptr (the default) switches all points off. Thread: any, before a run
/// starts.
inline void install_fault_hook(fault_hook hook) noexcept {
  detail::installed_fault_hook.store(hook, std::memory_order_release);
}

/// Switches all points off again unless another hook was installed meanwhile. Thread: any.
inline void remove_fault_hook(fault_hook hook) noexcept {
  detail::installed_fault_hook.compare_exchange_strong(hook, nullptr, std::memory_order_acq_rel);
}

/// A named place where tests and experiments may inject a failure. Off, it costs one relaxed load.
///
/// Names are `part.place` and stable: crash tests count kills by them.
[[nodiscard]] inline fault_action fault_point(const char* name) {
  const auto hook = detail::installed_fault_hook.load(std::memory_order_relaxed);
  return hook == nullptr ? fault_action::proceed : hook(name);
}

}  // namespace millrace::engine
