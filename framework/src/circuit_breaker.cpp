#include "millrace/calls/circuit_breaker.hpp"

#include <algorithm>

namespace millrace {

const char* to_string(circuit_breaker::state s) noexcept {
  switch (s) {
    case circuit_breaker::state::closed:
      return "closed";
    case circuit_breaker::state::open:
      return "open";
    case circuit_breaker::state::half_open:
      return "half open";
  }
  return "?";
}

bool circuit_breaker::allows(processing_time at) noexcept {
  if (state_ == state::closed) return true;
  if (at < next_) return false;
  state_ = state::half_open;
  next_ = at + setting_.open_for;  // for whoever takes the probe and never comes back
  return true;
}

std::chrono::nanoseconds circuit_breaker::until_allowed(processing_time at) const noexcept {
  if (state_ == state::closed || at >= next_) return {};
  return next_ - at;
}

void circuit_breaker::succeeded() noexcept {
  state_ = state::closed;
  failures_ = 0;
  open_for_ = setting_.open_for;
}

void circuit_breaker::failed(processing_time at) noexcept {
  if (state_ == state::half_open) {
    open_for_ = std::min(open_for_ * 2, std::max(setting_.open_for, setting_.open_max));
    return open(at);
  }
  if (setting_.failures != 0 && state_ == state::closed && ++failures_ >= setting_.failures) open(at);
}

void circuit_breaker::open(processing_time at) noexcept {
  state_ = state::open;
  next_ = at + open_for_;
}

}  // namespace millrace
