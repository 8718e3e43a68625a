#include "request_rate.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace millrace::transport {

namespace {

using std::chrono::duration;

request_rate::limit limit_of(const control_caller& who) {
  return who.is_local() ? request_rate::of_local : request_rate::of_key;
}

double refilled(double tokens, const request_rate::limit& l, duration<double> for_) {
  return std::min(l.at_once, tokens + l.per_second * std::max(for_.count(), 0.0));
}

}  // namespace

result<void> request_rate::take(const control_caller& who, clock::time_point now) {
  const auto l = limit_of(who);
  if (buckets_.size() >= callers_max) forget_full(now);
  auto& b = buckets_.try_emplace(who, bucket{l.at_once, now}).first->second;
  b.tokens = refilled(b.tokens, l, now - b.filled);
  b.filled = std::max(b.filled, now);
  if (b.tokens >= 1) {
    b.tokens -= 1;
    return {};
  }
  const auto wait_ms = static_cast<long>(std::ceil((1 - b.tokens) / l.per_second * 1'000));
  return retryable_error(errc::limit_exceeded, "too many requests: a key may make " +
                                                   std::to_string(static_cast<int>(l.per_second)) +
                                                   " a second; ask again in " + std::to_string(wait_ms) + " ms");
}

bool request_rate::is_news(const control_caller& who, clock::time_point now) {
  const auto at = buckets_.find(who);
  if (at == buckets_.end()) return false;
  if (at->second.told != clock::time_point{} && now - at->second.told < std::chrono::minutes{1}) return false;
  at->second.told = now;
  return true;
}

/// Who has all that it may have is as one that was never here.
void request_rate::forget_full(clock::time_point now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    const auto l = limit_of(entry.first);
    return refilled(entry.second.tokens, l, now - entry.second.filled) >= l.at_once;
  });
}

}  // namespace millrace::transport
