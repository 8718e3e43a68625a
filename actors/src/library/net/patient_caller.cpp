#include "library/net/patient_caller.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

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

call_outcome outcome_of(const result<http_answer>& r) {
  call_outcome out{verdict_of(r) == call_verdict::again};
  if (out.is_again) out.why = text_of(r);
  if (out.is_again && r) out.asked = retry_after(*r);
  return out;
}

result<http_answer> patient_caller::call(context& c, const attempt& once) {
  std::optional<result<http_answer>> r;
  (void)calls_.make(c, [&] {
    r = once();
    return outcome_of(*r);
  });
  // It waits for an open breaker, so there was an attempt.
  return *std::move(r);
}

}  // namespace millrace::library
