#include "library/net/patient_caller.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <thread>

namespace millrace::library {

namespace {

constexpr std::array again_statuses{408U, 409U, 425U, 429U};
constexpr std::array refusing_statuses{400U, 406U, 411U, 413U, 414U, 415U, 422U, 431U};
constexpr std::size_t shown_bytes_max = 200;
constexpr std::chrono::seconds retry_after_max{3600};

}  // namespace

call_verdict verdict_of(const result<http_answer>& r) noexcept {
  if (!r) return r.error().kind == error_class::retryable ? call_verdict::again : call_verdict::useless;
  const auto status = r.value().status;
  if (status >= 200 && status < 300) return call_verdict::done;
  if (status >= 500 || std::ranges::find(again_statuses, status) != again_statuses.end()) return call_verdict::again;
  const bool is_refused = std::ranges::find(refusing_statuses, status) != refusing_statuses.end();
  return is_refused ? call_verdict::refused : call_verdict::useless;
}

std::string text_of(const result<http_answer>& r) {
  if (!r) return r.error().message;
  auto body = r.value().body.substr(0, shown_bytes_max);
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.pop_back();
  return "answered " + std::to_string(r.value().status) + (body.empty() ? "" : ": " + body);
}

std::chrono::seconds retry_after(const http_answer& a) noexcept {
  const auto text = header_of(a, "Retry-After");
  std::uint32_t seconds = 0;
  const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc{} || at != text.data() + text.size()) return {};
  return std::min(std::chrono::seconds{seconds}, retry_after_max);
}

patient_caller::patient_caller(const circuit_breaker::setting& breaker, const retry_schedule::setting& retry,
                               sleeper sleep)
    : breaker_{breaker}, retry_{retry}, sleep_{std::move(sleep)} {
  if (!sleep_) sleep_ = [](std::chrono::nanoseconds d) { std::this_thread::sleep_for(d); };
}

result<http_answer> patient_caller::call(context& c, const attempt& once) {
  // Whoever gives up meanwhile would only come back with the next event. At most `open_max`.
  if (const auto closed = breaker_.until_allowed(c.now()); closed.count() > 0) sleep_(closed);
  retry_schedule schedule{retry_, c.now()};
  while (true) {
    (void)breaker_.allows(c.now());  // it does: each pause was long enough
    auto r = once();
    const bool has_failed = verdict_of(r) == call_verdict::again;
    report(c, has_failed, r);
    if (!has_failed) return r;
    const std::chrono::nanoseconds asked = r ? retry_after(*r) : std::chrono::seconds{0};
    const auto pause = schedule.pause(c.now(), c.random(), std::max(asked, breaker_.until_allowed(c.now())));
    if (!pause) return r;
    sleep_(*pause);
  }
}

void patient_caller::report(context& c, bool has_failed, const result<http_answer>& r) {
  const auto before = breaker_.now();
  if (has_failed) {
    breaker_.failed(c.now());
  } else {
    breaker_.succeeded();
  }
  if (before == circuit_breaker::state::closed && breaker_.now() == circuit_breaker::state::open) {
    c.log(log_level::warning, "the circuit is open, calls wait: " + text_of(r));
  } else if (before != circuit_breaker::state::closed && breaker_.now() == circuit_breaker::state::closed) {
    c.log(log_level::info, "the circuit is closed again");
  }
}

}  // namespace millrace::library
