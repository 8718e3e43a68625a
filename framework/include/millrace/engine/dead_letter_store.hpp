#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/batch.hpp"
#include "millrace/bytes.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/engine/letter_block.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// A dead letter's name, `trades/0:17`: the task that gave the event up, and how many it had given up before.
///
/// The number is part of the task's state, so an event that is given up again after a recovery has the same name.
struct letter_id {
  std::string task;
  std::uint64_t number = 0;

  auto operator<=>(const letter_id&) const = default;
};
[[nodiscard]] std::string to_string(const letter_id& id);
/// Reads what `to_string` writes; the user's error otherwise.
[[nodiscard]] result<letter_id> parse_letter_id(std::string_view text);

enum class letter_state : std::uint8_t {
  pending,    ///< the snapshot that covers it is not complete: may still go away
  open,       ///< nobody has looked at it
  fixed,      ///< has a mended content
  requested,  ///< shall go through the topology again
  queued,     ///< has its place among a task's replays
  replayed,   ///< went through, and the snapshot that says so is complete
};
[[nodiscard]] const char* to_string(letter_state s) noexcept;

/// What stands in place of a letter's content when it is replayed.
struct letter_fix {
  std::string content;
  std::vector<std::byte> encoded;  ///< of a record; empty for a line of the input
};

/// A letter as it is kept.
struct kept_letter {
  letter_id id;
  letter_state state = letter_state::open;
  dead_letter what;
  std::optional<letter_fix> fix;
};

/// Letters of one task with consecutive numbers.
struct letter_pack {
  std::string task;
  std::uint64_t first = 0;
  letter_block block;
};

/// What a task's state says of its letters: those it has given up, and the replays it has taken in.
struct letter_counters {
  std::uint64_t letters = 0;
  std::uint64_t replays = 0;
};
using counters_by_task = std::map<std::string, letter_counters>;

/// A letter on its way back, with its fix applied. `sequence` counts the replays of one task.
struct replay_item {
  std::uint64_t sequence = 0;
  letter_id id;
  dead_letter what;
};

/// The record of a letter that holds one, by the fields it was written with, as `type`. Errors say why not.
[[nodiscard]] result<batch_ptr> record_of(const dead_letter& letter, const record_type& type);

/// How much is replayed at a time: what is under way is in memory.
struct replay_limit {
  std::size_t letters = 16'384;
  std::uint64_t bytes = std::uint64_t{16} << 20;
};

struct replay_backlog {
  bool has_requested = false;
  bool has_queued = false;
};

struct letter_totals {
  std::uint64_t letters = 0;
  std::uint64_t bytes = 0;    ///< of letters, fixes and what else was done with them
  std::uint64_t dropped = 0;  ///< by the overflow policy, since the store was made
};

/// Keeps dead letters until somebody has dealt with them, each once whatever crashes.
///
/// The writer of snapshots calls `put` before the manifest and `confirm` behind it; what a restore goes back before is
/// taken away by `go_back`, and comes again under the same names. Writes are atomic and durable (process crash and
/// power cut) when they return, and idempotent. Other processes may use the same store at the same time. Thread: one at
/// a time.
class dead_letter_store {
public:
  virtual ~dead_letter_store() = default;

  /// errc::limit_exceeded: the store is full and its policy is to stop.
  virtual result<void> put(const std::vector<letter_pack>& packs) = 0;
  /// A snapshot with these counters is complete.
  virtual result<void> confirm(const counters_by_task& counters) = 0;
  /// The topology goes on from a snapshot with these counters; tasks not named start from nothing.
  virtual result<void> go_back(const counters_by_task& counters) = 0;

  /// All letters in order of tasks and numbers, from behind `after` on when it is given, until `visit` says false.
  virtual result<void> for_each(const std::function<bool(const kept_letter&)>& visit,
                                const letter_id* after = nullptr) = 0;
  /// errc::not_found when there is none (any more).
  virtual result<kept_letter> find(const letter_id& id) = 0;
  virtual result<letter_totals> totals() = 0;

  /// Open, fixed and replayed letters only, as for all that follows; errc::invalid_argument names one that is not.
  virtual result<void> fix(const std::vector<std::pair<letter_id, letter_fix>>& fixes) = 0;
  virtual result<void> request(const std::vector<letter_id>& ids) = 0;
  virtual result<void> discard(const std::vector<letter_id>& ids) = 0;

  /// Requested letters, as many as `most` allows and at least one.
  virtual result<std::vector<kept_letter>> requested(const replay_limit& most) = 0;
  /// Gives requested letters their place among the replays of the task named; one of no task is no longer requested.
  virtual result<void> queue(const std::vector<std::pair<letter_id, std::string>>& to) = 0;
  /// The replays of a task from `sequence` on.
  virtual result<std::vector<replay_item>> replays(const std::string& task, std::uint64_t sequence) = 0;
  /// Some letter is requested, or queued for one of these tasks and in no complete snapshot yet.
  virtual result<replay_backlog> backlog(const std::vector<std::string>& tasks) = 0;
};

}  // namespace millrace::engine
