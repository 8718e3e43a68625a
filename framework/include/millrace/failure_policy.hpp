#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace millrace {

/// What happens when a handler throws.
enum class failure_action : std::uint8_t {
  resume,  ///< the event becomes a dead letter, the actor goes on
  retry,  ///< the handler gets the same event again after a backoff, at most `max_attempts` times; then `after_retries`
  restart,   ///< the actor's region goes back to its newest snapshot after a backoff, at most `max_restarts` within
             ///< `period`
  stop,      ///< the topology is stopped where it is; what was committed stays; the run counts as failed
  escalate,  ///< the whole process ends at once with a failure, for whoever supervises it
};

/// What goes back to the newest snapshot together with a task that fails.
enum class restart_scope : std::uint8_t {
  one_for_one,   ///< the task alone; where that is not possible, as the next
  rest_for_one,  ///< the task and all that lies downstream of it; where that is not possible, its region
  all_for_one,   ///< all tasks of its group and what lies downstream of those; without a group its region
};

/// What is done about a task that makes no progress while work waits for it.
enum class hang_action : std::uint8_t {
  report,   ///< it is said where everybody looks
  rebuild,  ///< its place is taken by a new incarnation; it runs on a thread of its own for that
  restart,  ///< the whole process ends, for whoever supervises it
};

/// Failure policy of an actor, as data in the topology.
///
/// What the handler did to state or emitted before it threw stays for `resume` and `retry` (write state last, or use
/// `restart`, which undoes it). Backoff doubles from `backoff` to `backoff_max`.
struct failure_policy {
  failure_action action = failure_action::restart;
  std::uint32_t max_attempts = 3;
  failure_action after_retries = failure_action::resume;
  std::uint32_t max_restarts = 5;
  std::chrono::milliseconds period{60'000};
  std::chrono::milliseconds backoff{100};
  std::chrono::milliseconds backoff_max{10'000};
  std::uint32_t jitter_percent =
      20;  ///< each pause is longer or shorter by up to so much, so that not all come at once
  restart_scope scope = restart_scope::one_for_one;
  failure_action beyond = failure_action::stop;  ///< `stop` or `escalate`: after more than `max_restarts`
  std::chrono::milliseconds hang_after{30'000};  ///< without progress while work waits; 0: nobody looks
  hang_action on_hang = hang_action::report;

  bool operator==(const failure_policy&) const = default;
};

[[nodiscard]] const char* to_string(failure_action a) noexcept;
/// False when `text` names no action.
[[nodiscard]] bool parse(const std::string& text, failure_action& out) noexcept;
[[nodiscard]] const char* to_string(restart_scope s) noexcept;
[[nodiscard]] bool parse(const std::string& text, restart_scope& out) noexcept;
[[nodiscard]] const char* to_string(hang_action a) noexcept;
[[nodiscard]] bool parse(const std::string& text, hang_action& out) noexcept;

}  // namespace millrace
