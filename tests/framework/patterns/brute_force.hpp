#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "millrace/patterns/definition.hpp"
#include "millrace/record.hpp"
#include "millrace/time.hpp"

/// What docs/patterns.md says, tried out: all ways of choosing events, each judged by the rules as they stand there.
/// Shares nothing with the matcher but the definition of a pattern.
namespace trial {

struct event {
  std::int64_t kind{};
  std::int64_t value{};
  millrace::event_time at{};
  std::int64_t number{};  ///< its position, from 1
};
MILLRACE_RECORD(event, 1, kind, value, at, number)

struct taken {
  std::size_t stage;
  std::size_t position;  ///< from 1
  bool operator==(const taken&) const = default;
};

struct outcome {
  bool is_timeout = false;
  std::vector<taken> events;
  bool operator==(const outcome&) const = default;
};
[[nodiscard]] std::string text_of(const outcome& o);
[[nodiscard]] std::string text_of(const std::vector<outcome>& all);

/// Whether an event meets the condition of a stage after what was taken before.
using judge = std::function<bool(std::size_t stage, const event& e, const std::vector<taken>& earlier)>;

/// Everything the pattern yields over the whole stream and its end, in order.
[[nodiscard]] std::vector<outcome> brute_force(const millrace::patterns::definition& d,
                                               const std::vector<event>& events, const judge& meets);

}  // namespace trial
