#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/engine/diagnosis.hpp"

namespace millrace::engine {

// Shares from which on something explains what is seen.
inline constexpr double explains = 0.5;
// A source that is held up less than this has no reason to complain.
inline constexpr double held_up = 0.05;

[[nodiscard]] std::string percent_words(double share);
[[nodiscard]] std::string span_words(std::chrono::nanoseconds d);

/// What is said of each cause, in a sentence with figures. Which it is, the examination decides (diagnosis.cpp). Pure.
class explanation {
public:
  explicit explanation(const observed_run& run) : run_{run} {}

  [[nodiscard]] diagnosis standing(const observed_task& t) const;
  [[nodiscard]] diagnosis fault(const std::string& where, const std::string& what) const;
  [[nodiscard]] diagnosis retries(const observed_task& t, const char* consequence) const;
  [[nodiscard]] diagnosis at_work(const observed_task& t) const;
  [[nodiscard]] diagnosis stuck(const observed_task& t) const;
  [[nodiscard]] diagnosis frozen(const observed_task& t) const;
  [[nodiscard]] diagnosis slow_channel(const observed_channel& c) const;
  [[nodiscard]] diagnosis alignment(std::uint32_t task) const;
  /// `keys`: what a partition of `router` saw.
  [[nodiscard]] diagnosis skew(const observed_task& t, const std::string& router,
                               const std::vector<hot_key>& keys) const;
  [[nodiscard]] std::string name_of(const observed_channel& c) const;

private:
  const observed_run& run_;
};

}  // namespace millrace::engine
