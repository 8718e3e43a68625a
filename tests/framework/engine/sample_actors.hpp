#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/ids.hpp"
#include "millrace/record.hpp"
#include "millrace/time.hpp"
#include "support/random_stream.hpp"

/// Actors for the engine's tests, registered as `sim.*`, and the "disk" their sink writes to.
namespace sample {

/// What the producers `sim.numbers` emit: event `number` of partition `source`.
struct reading {
  std::string key;
  std::int64_t source{};
  std::int64_t number{};
  std::int64_t amount{};
  millrace::event_time at{};

  bool operator==(const reading&) const = default;
};
MILLRACE_RECORD(reading, 1, key, source, number, amount, at)

/// What `sim.tally` makes of them. `what`: "event" (one for each reading: `nth` of its key and source, after number
/// `previous`), "window" (`sum` of the amounts of window `number`) or "summary" (`nth` readings with `sum` in all).
struct outcome {
  std::string what;
  std::string key;
  std::int64_t source = -1;
  std::int64_t number = -1;
  std::int64_t previous = -1;
  std::int64_t nth = 0;
  std::int64_t sum = 0;

  bool operator==(const outcome&) const = default;
};
MILLRACE_RECORD(outcome, 1, what, key, source, number, previous, nth, sum)

/// A record whose key may be NaN.
struct measure {
  double key{};
  std::int64_t number{};
};
MILLRACE_RECORD(measure, 1, key, number)

inline constexpr std::int64_t window_ns = 20'000'000;

/// Event `number` of partition `source`, as a function of nothing else.
[[nodiscard]] reading reading_of(std::int64_t source, std::int64_t number, std::int64_t keys);
/// As above, with keys as uneven as `skew` says.
[[nodiscard]] reading reading_of(std::int64_t source, std::int64_t number, std::int64_t keys, support::key_skew skew);

/// What `sim.feed` sets aside when it malforms: some between good ones, and some in a row that fill whole polls.
[[nodiscard]] constexpr bool is_malformed(std::int64_t number) noexcept {
  return number % 7 == 3 || (number % 100 >= 40 && number % 100 < 80);
}

/// What outlives a simulated crash beside the snapshot store: the files of `sim.sink`, and how often its calls fail.
struct disk {
  struct files {
    std::map<millrace::epoch_id, std::vector<outcome>> prepared, committed;
  };
  /// What the world beside the program has handed to `sim.feed`, by partition.
  struct offer {
    std::vector<reading> handed;
    std::size_t acknowledged = 0;         ///< of them
    std::vector<std::size_t> resumed_at;  ///< where each incarnation went on
  };
  std::map<std::uint32_t, offer> offers;
  std::map<std::string, files> of_task;
  std::vector<millrace::dead_letter> letters;  ///< what `sim.letters` got
  /// What `sim.watcher` saw, by task: a list for each incarnation.
  std::map<std::string, std::vector<std::vector<millrace::event_time>>> watermarks;
  std::map<std::pair<std::string, std::int64_t>, int> attempts;  ///< of `sim.flaky`, by place and number
  std::uint64_t commits = 0;
  std::uint64_t withdrawn = 0;
  /// How often actors still throw at "prepare", "commit", "recover", "save_state", "save_position", "load_state".
  std::map<std::string, int> throws;
  /// One prepare (commit) of so many fails; 0: none.
  std::uint64_t prepare_fails_one_in = 0;
  std::uint64_t commit_fails_one_in = 0;
  millrace::random_source random{};

  disk();
  ~disk();
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;
  /// The one made last in this thread.
  [[nodiscard]] static disk& current();

  /// Committed output, in the order of each task's files.
  [[nodiscard]] std::vector<outcome> output() const;
};

}  // namespace sample
