#pragma once

#include <chrono>
#include <optional>

#include "millrace/engine/task_stats.hpp"

namespace millrace::engine {

/// What shows from outside whether a task gets on.
struct hang_signs {
  task_phase phase = task_phase::starting;
  std::chrono::nanoseconds stepping_for{};    ///< in the present step; zero: in none
  std::chrono::nanoseconds since_progress{};  ///< since the newest step that got anything done
  bool has_work = false;                      ///< events wait on an input that it may read
};

/// A task that makes no progress while work waits for it.
struct hang {
  bool is_in_call = false;  ///< some call does not come back; else it does not take what waits
  std::chrono::nanoseconds lasts{};
};

/// A task hangs when one step has taken longer than `limit`, or when it has done nothing for so long although events
/// wait for it and nothing keeps it from taking them: who waits for credit, for a barrier, or for its next attempt does
/// not hang. Zero: nobody looks. Pure.
[[nodiscard]] inline std::optional<hang> find_hang(const hang_signs& s, std::chrono::nanoseconds limit) noexcept {
  if (limit.count() == 0) return std::nullopt;
  if (s.stepping_for >= limit) return hang{true, s.stepping_for};
  const bool is_free = s.phase == task_phase::idle || s.phase == task_phase::running;
  if (s.stepping_for.count() != 0 || !is_free || !s.has_work || s.since_progress < limit) return std::nullopt;
  return hang{false, s.since_progress};
}

}  // namespace millrace::engine
