#pragma once

#include <chrono>

#include "millrace/context.hpp"

namespace millrace {

/// A context that has a time to pace by. Thread: owning actor.
class pace_keeper {
public:
  [[nodiscard]] virtual std::chrono::nanoseconds pace_time() const = 0;

protected:
  ~pace_keeper() = default;
};

/// The time a producer paces itself by: it only grows, from an arbitrary start, whatever becomes of the time of day. A
/// clock that is set back an hour would else hold up for an hour what emits so many events a second. Of contexts that
/// keep no such time, `context::now`. Thread: owning actor.
[[nodiscard]] inline std::chrono::nanoseconds pace_time(const context& c) {
  const auto* const keeper = dynamic_cast<const pace_keeper*>(&c);
  return keeper != nullptr ? keeper->pace_time() : std::chrono::nanoseconds{c.now().ns};
}

}  // namespace millrace
