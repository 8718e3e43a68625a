#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "millrace/error.hpp"
#include "millrace/transport/control_server.hpp"

namespace millrace::transport {

/// How many requests a caller may make: a token bucket a key, whatever sessions and connections it has. The user of the
/// machine, who comes over a local socket, has a larger one, so that a loop gone wild does not keep others out either.
/// Time is handed in. Thread: control thread.
class request_rate {
public:
  using clock = std::chrono::steady_clock;
  struct limit {
    double per_second;
    double at_once;
  };
  static constexpr limit of_key{500, 1'000};
  static constexpr limit of_local{5'000, 10'000};
  /// More than there can be sessions of.
  static constexpr std::size_t callers_max = 256;

  /// Error (`limit_exceeded`, may be tried again): the caller has used up what it may; the request is not looked at.
  [[nodiscard]] result<void> take(const control_caller& who, clock::time_point now);
  /// Behind an error: whether to write it down, which is once a minute for each caller.
  [[nodiscard]] bool is_news(const control_caller& who, clock::time_point now);

private:
  struct bucket {
    double tokens;
    clock::time_point filled;
    clock::time_point told{};  ///< of the newest refusal that was written down
  };
  void forget_full(clock::time_point now);

  std::map<control_caller, bucket> buckets_;
};

}  // namespace millrace::transport
