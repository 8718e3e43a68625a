#include "trial_velocity.hpp"

#include <stdexcept>
#include <string>

#include "millrace/context.hpp"
#include "millrace/registry.hpp"

namespace trial {

using namespace millrace;

namespace {

constexpr std::int64_t window_ns = 20'000'000;

event_time end_of(std::int64_t window) {
  return {(window + 1) * window_ns};
}

}  // namespace

void velocity::on_payment(context&, const payment& p) {
  if (*fails_at >= 0 && p.number == *fails_at) throw std::runtime_error("payment " + std::to_string(p.number));
  const auto window = p.at.ns / window_ns;
  ++counts[window];
  *cents += p.cents;
  if (const auto due = close.pending(); !due || end_of(window) < *due) close.set(end_of(window));
}

void velocity::on_close(context& c, event_time at) {
  while (!counts.get().empty() && end_of(counts.get().begin()->first) <= at) {
    const auto [window, count] = *counts.get().begin();
    if (count >= *limit) alerts.emit({c.key<std::string>(), window, count});
    counts.erase(window);
  }
  if (!counts.get().empty()) close.set(end_of(counts.get().begin()->first));
}
MILLRACE_ACTOR(velocity, {.id = "trial.velocity", .title = "Velocity check"})

}  // namespace trial
