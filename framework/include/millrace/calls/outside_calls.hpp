#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "millrace/calls/circuit_breaker.hpp"
#include "millrace/calls/retry_schedule.hpp"
#include "millrace/context.hpp"
#include "millrace/error.hpp"

namespace millrace {

/// What an attempt to call something outside came to.
struct call_outcome {
  bool is_again = false;             ///< it failed, and later it may work
  std::string why{};                 ///< of such a failure, for people
  std::chrono::nanoseconds asked{};  ///< the other side wants to be left alone for so long
};

/// Calls of an actor to something outside (a server, a database) that may be slow, busy or gone.
///
/// The problem: whoever gives up at once loses work, whoever never does hangs, and whoever calls again and again keeps
/// down what is trying to come up. So an attempt that failed is made again after a pause that grows, until a deadline;
/// and after failures in a row nobody is called any more for a time (circuit breaker). What one attempt may take is the
/// attempt's own limit: give the client a timeout shorter than the deadline. The task's status counts attempts and
/// failures; while the breaker is open, its health is `degraded`.
///
/// Pauses and deadlines are by `pace_time`, which no change of the time of day moves. Thread: one owner, which waits:
/// the actor says `is_blocking`.
class outside_calls {
public:
  enum class when_open : std::uint8_t {
    wait,  ///< until it lets a call through: for work that may not be lost
    skip,  ///< no attempt is made: for who has something else to do with the event
  };
  struct setting {
    circuit_breaker::setting breaker{};
    retry_schedule::setting retry{};
    when_open open = when_open::wait;
    std::string instead = "calls wait";  ///< of an open breaker; for the log
    std::string limit{};                 ///< the actor's parameter that is the deadline; for messages
  };
  using sleeper = std::function<void(std::chrono::nanoseconds)>;
  /// `sleep` makes time go on; the default really waits.
  explicit outside_calls(setting s, sleeper sleep = {});

  /// Makes attempts until one need not be made again or the deadline is over; what the last of them came to. Nothing:
  /// there was none, because the breaker is open. Says in the log when it opens and closes, and, where work waits,
  /// when it begins to try again.
  [[nodiscard]] std::optional<call_outcome> make(context& c, const std::function<call_outcome()>& once);

  /// The same for calls that give a `result`: retryable errors are tried again. When the deadline is over: the last
  /// error, and that it was given up.
  [[nodiscard]] result<void> make(context& c, const std::function<result<void>()>& once);

  [[nodiscard]] const circuit_breaker& breaker() const noexcept { return breaker_; }

  /// For work that waits for a server while it is away, for at most `limit`, which is the actor's parameter of this
  /// name. A server that starts is asked often enough that little time is lost.
  [[nodiscard]] static setting of_server(std::chrono::seconds limit, std::string param = "retry");

private:
  void report(context& c, const call_outcome& outcome);

  setting setting_;
  circuit_breaker breaker_;
  sleeper sleep_;
  bool is_said_ = false;  // that it tries again, since the last call that worked
};

}  // namespace millrace
