#include "velocity.hpp"

#include <chrono>

#include <millrace/registry.hpp>

namespace velocity {

using namespace std::chrono_literals;
using millrace::event_time;

MILLRACE_ACTOR(Check, {.id = "sample.card_velocity", .title = "Card velocity", .category = "Fraud"})

static constexpr std::int64_t minute_ns = std::chrono::nanoseconds{1min}.count();

static event_time end_of(std::int64_t minute) {
  return {(minute + 1) * minute_ns};
}

void Check::on_payment(millrace::context&, const Payment& p) {
  const auto minute = p.at.ns / minute_ns;
  ++minutes[minute];
  if (const auto due = close.pending(); !due || end_of(minute) < *due) close.set(end_of(minute));
}

void Check::on_close(millrace::context& c, event_time at) {
  while (!minutes.get().empty() && end_of(minutes.get().begin()->first) <= at) {
    const auto [minute, count] = *minutes.get().begin();
    if (count >= *limit) alerts.emit({c.key<std::int64_t>(), {minute * minute_ns}, count});
    minutes.erase(minute);  // a card without open minutes keeps no state at all
  }
  if (!minutes.get().empty()) close.set(end_of(minutes.get().begin()->first));
}

millrace::topology topology() {
  millrace::topology t;
  t.name = "card_velocity";
  t.add("payments", "millrace.generator", {{"count", 200'000}, {"keys", 500}}, 2);
  t.add("by_card", "millrace.by_key", {}, 2);
  t.add("check", "sample.card_velocity", {}, 4);
  t.add("alerts", "millrace.file_sink", {{"path", "alerts"}}, 4);
  return t.connect("payments", "by_card").connect("by_card", "check").connect("check", "alerts");
}

}  // namespace velocity
