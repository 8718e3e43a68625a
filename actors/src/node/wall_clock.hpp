#pragma once

#include <chrono>

#include "millrace/time.hpp"

namespace millrace::node {

// What people are told and what outlives a process goes by the wall; deadlines and ages never do. Thread: any.

/// In whole milliseconds, as times are written.
[[nodiscard]] inline processing_time wall_now() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return {std::chrono::nanoseconds{now.time_since_epoch()}.count()};
}

/// In whole seconds, as the ends of invitations are.
[[nodiscard]] inline std::chrono::sys_seconds wall_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace millrace::node
