#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "library/net/http_client.hpp"
#include "millrace/calls/outside_calls.hpp"
#include "millrace/context.hpp"

namespace millrace::library {

/// What an answer means to whoever has to get something done over there.
enum class call_verdict : unsigned char {
  done,
  again,    ///< later it may work: 408, 409 (under way), 425, 429, 5xx, no answer
  refused,  ///< this very content is not wanted: 400, 406, 411, 413, 414, 415, 422, 431
  useless,  ///< nor will any other be: another 3xx or 4xx, a wrong certificate
};
[[nodiscard]] call_verdict verdict_of(const result<http_answer>& r) noexcept;
/// What to tell people: `answered 422: …`, with the beginning of the body.
[[nodiscard]] std::string text_of(const result<http_answer>& r);
/// What `Retry-After` asks for, in seconds; a date or nothing: 0. At most an hour.
[[nodiscard]] std::chrono::seconds retry_after(const http_answer& a) noexcept;

/// As `outside_calls` wants to know it.
[[nodiscard]] call_outcome outcome_of(const result<http_answer>& r);

/// Makes calls until they are done, see `outside_calls`: an open breaker is waited for, for work that may not be lost.
/// Thread: one owner, which waits.
class patient_caller {
public:
  using attempt = std::function<result<http_answer>()>;
  patient_caller(const circuit_breaker::setting& breaker, const retry_schedule::setting& retry,
                 outside_calls::sleeper sleep = {})
      : calls_{{breaker, retry}, std::move(sleep)} {}

  /// The last answer when it is `done`, `refused` or `useless`; when the deadline passes, the error or answer that
  /// stood last.
  [[nodiscard]] result<http_answer> call(context& c, const attempt& once);
  [[nodiscard]] const circuit_breaker& breaker() const noexcept { return calls_.breaker(); }

private:
  outside_calls calls_;
};

}  // namespace millrace::library
