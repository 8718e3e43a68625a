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

  bool operator==(const failure_policy&) const = default;
};

[[nodiscard]] const char* to_string(failure_action a) noexcept;
/// False when `text` names no action.
[[nodiscard]] bool parse(const std::string& text, failure_action& out) noexcept;

}  // namespace millrace
