#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brute_force.hpp"
#include "millrace/context.hpp"
#include "millrace/patterns/key_matches.hpp"

namespace trial {

/// A condition that can be told as data: the event's kind is one of a set, and maybe its value relates to an event
/// taken before.
struct condition {
  enum class relation : std::uint8_t { none, above_last, above_first, above_first_of, odd_count_of };
  std::uint32_t kinds = 0;  ///< a bit a kind
  relation how = relation::none;
  std::size_t stage = 0;  ///< for above_first_of and odd_count_of
};

struct pattern_case {
  millrace::patterns::definition what;
  std::vector<condition> conditions;
};

/// A pattern without problems: any quantifiers, contiguities, negations, time, skip rule and conditions.
[[nodiscard]] pattern_case random_pattern(millrace::random_source& random);
/// Events in order of time, with equal times among them.
[[nodiscard]] std::vector<event> random_events(millrace::random_source& random, std::size_t count);
[[nodiscard]] std::string text_of(const pattern_case& p);
[[nodiscard]] std::string text_of(const std::vector<event>& events);

/// The case's conditions for the brute force.
[[nodiscard]] judge judge_of(const pattern_case& p, const std::vector<event>& events);

/// What the matcher yields over the stream and its end. `copy_at`: before this event its state is written, forgotten
/// and read back.
struct matcher_run {
  std::size_t copy_at = SIZE_MAX;
  bool loses_first_timeout = false;  ///< a planted bug
  std::size_t most_partials = 0;     ///< out
  std::size_t most_nodes = 0;        ///< out
  millrace::patterns::match_limits limits{1'000'000, 1'000'000};
};
[[nodiscard]] std::vector<outcome> run_matcher(const pattern_case& p, const std::vector<event>& events,
                                               matcher_run& how);

}  // namespace trial
