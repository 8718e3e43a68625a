#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/ids.hpp"
#include "millrace/time.hpp"

namespace millrace::runtime {

/// How a task is, as its supervisor sees it.
enum class health : std::uint8_t {
  starting,     ///< made for the first time, and not at work yet
  running,      ///< at work
  degraded,     ///< at work with trouble: it hangs, or its handler is tried again
  restoring,    ///< comes back from a snapshot
  backing_off,  ///< has failed, and waits before it is brought back
  failed,       ///< will not come back in this run
};
[[nodiscard]] const char* to_string(health h) noexcept;

/// A change of a task's health.
struct health_change {
  health now = health::starting;
  std::string why;  ///< empty: as expected
  processing_time at;
};

/// What a recovery took, and what it was spent on: one span after the other. A span that has not ended is zero.
struct recovery_report {
  std::string cause;     ///< the task that failed, "actor/partition"
  std::string scope;     ///< "alone", "rest" (and what lies downstream), "group", "region"
  std::string why;       ///< it failed
  std::string obstacle;  ///< why not fewer tasks went back; empty: there was no reason to
  std::uint64_t tasks = 0;
  epoch_id from{};  ///< the snapshot it went back to
  processing_time failed_at;
  std::uint64_t state_bytes = 0;          ///< read from the snapshot
  std::chrono::nanoseconds noticed{};     ///< until its supervisor knew
  std::chrono::nanoseconds ended{};       ///< until its tasks had ended and no snapshot was under way
  std::chrono::nanoseconds backed_off{};  ///< the pause of its policy
  std::chrono::nanoseconds opened{};      ///< until the snapshot was found and looked at
  std::chrono::nanoseconds made{};        ///< until its tasks and channels were there again
  std::chrono::nanoseconds loaded{};  ///< until the last of them had read its state and was open: new events are taken
  std::chrono::nanoseconds caught_up{};  ///< until all was done that had been done before, and nothing waited any more
  bool is_over = false;

  [[nodiscard]] std::chrono::nanoseconds until_back() const {
    return noticed + ended + backed_off + opened + made + loaded;
  }
  [[nodiscard]] std::chrono::nanoseconds total() const { return until_back() + caught_up; }
};

}  // namespace millrace::runtime
