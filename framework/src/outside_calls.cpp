#include "millrace/calls/outside_calls.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "millrace/calls/call_listener.hpp"
#include "millrace/pace.hpp"

namespace millrace {

namespace {

processing_time now(const context& c) {
  return {pace_time(c).count()};
}

std::string limit_text(const outside_calls::setting& s) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(s.retry.deadline).count();
  auto text = ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
  return s.limit.empty() ? text : text + " ('" + s.limit + "')";
}

}  // namespace

outside_calls::outside_calls(setting s, sleeper sleep)
    : setting_{std::move(s)}, breaker_{setting_.breaker}, sleep_{std::move(sleep)} {
  if (!sleep_) sleep_ = [](std::chrono::nanoseconds d) { std::this_thread::sleep_for(d); };
}

std::optional<call_outcome> outside_calls::make(context& c, const std::function<call_outcome()>& once) {
  const bool waits = setting_.open == when_open::wait;
  // Whoever gives up meanwhile would only come back with the next event. At most `open_max`.
  if (const auto closed = breaker_.until_allowed(now(c)); waits && closed.count() > 0) sleep_(closed);
  retry_schedule schedule{setting_.retry, now(c)};
  std::optional<call_outcome> last;
  // Who waits has done so.
  while (breaker_.allows(now(c)) || waits) {
    last = once();
    report(c, *last);
    if (!last->is_again || (!waits && breaker_.now() == circuit_breaker::state::open)) break;
    const auto closed = waits ? breaker_.until_allowed(now(c)) : std::chrono::nanoseconds{0};
    const auto pause = schedule.pause(now(c), c.random(), std::max(last->asked, closed));
    if (!pause) break;
    if (waits && !std::exchange(is_said_, true)) c.log(log_level::warning, last->why + "; trying again");
    sleep_(*pause);
  }
  return last;
}

result<void> outside_calls::make(context& c, const std::function<result<void>()>& once) {
  std::optional<error> why;
  const auto last = make(c, [&]() -> call_outcome {
    auto r = once();
    why.reset();
    if (r) return {};
    why = std::move(r).error();
    return {why->kind == error_class::retryable, why->message};
  });
  if (!last) return retryable_error(errc::unavailable, "the circuit is open");
  if (!why) return {};
  if (last->is_again) why->message += "; given up after " + limit_text(setting_);
  return *std::move(why);
}

outside_calls::setting outside_calls::of_server(std::chrono::seconds limit, std::string param) {
  setting s;
  s.breaker = {.failures = 5, .open_for = std::chrono::seconds{1}, .open_max = std::chrono::seconds{5}};
  s.retry = {.first = std::chrono::milliseconds{100}, .max = std::chrono::seconds{5}, .deadline = limit};
  s.limit = std::move(param);
  return s;
}

void outside_calls::report(context& c, const call_outcome& outcome) {
  using state = circuit_breaker::state;
  const auto before = breaker_.now();
  if (outcome.is_again) {
    breaker_.failed(now(c));
  } else {
    breaker_.succeeded();
    is_said_ = false;
  }
  const auto after = breaker_.now();
  tell_call(c, outcome.is_again, after);
  if (before == state::closed && after == state::open) {
    c.log(log_level::warning, "the circuit is open, " + setting_.instead + ": " + outcome.why);
  } else if (before != state::closed && after == state::closed) {
    c.log(log_level::info, "the circuit is closed again");
  }
}

}  // namespace millrace
