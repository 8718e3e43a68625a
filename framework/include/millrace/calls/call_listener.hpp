#pragma once

#include "millrace/calls/circuit_breaker.hpp"
#include "millrace/context.hpp"

namespace millrace {

/// A context that shows how its actor's calls to the outside go. Thread: owning actor.
class call_listener {
public:
  /// An attempt was made, and came to this.
  virtual void on_call(bool has_failed, circuit_breaker::state circuit) = 0;

protected:
  ~call_listener() = default;
};

/// Shows an attempt in the status and health of the actor's task; of contexts that show nothing, nowhere. Whoever makes
/// calls with `outside_calls` need not.
inline void tell_call(context& c, bool has_failed, circuit_breaker::state circuit) {
  if (auto* const listener = dynamic_cast<call_listener*>(&c)) listener->on_call(has_failed, circuit);
}

}  // namespace millrace
