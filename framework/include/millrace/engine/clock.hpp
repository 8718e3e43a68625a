#pragma once

#include <cstdint>

#include "millrace/time.hpp"

namespace millrace::engine {

/// Where tasks get the time from: the machine live, virtual time in the simulation. Thread: any.
class clock {
public:
  virtual ~clock() = default;
  [[nodiscard]] virtual processing_time now() const = 0;
  /// Monotonic, for durations, in nanoseconds from an arbitrary start.
  [[nodiscard]] virtual std::int64_t steady_ns() const = 0;
};

/// The machine's clocks.
class system_clock final : public clock {
public:
  [[nodiscard]] processing_time now() const override;
  [[nodiscard]] std::int64_t steady_ns() const override;
};

/// What the calling thread has had of a processor, in nanoseconds. Costs a system call. Thread: any.
[[nodiscard]] std::int64_t thread_cpu_ns() noexcept;

}  // namespace millrace::engine
