#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "millrace/actor.hpp"

namespace millrace {

/// What a producer can promise about its input after a crash.
enum class replay : std::uint8_t {
  replayable,  ///< `load_position` brings back the same events from any position
  logged,      ///< cannot be read again, so the engine makes what it emits durable before anybody sees it
  live,        ///< what was not in a snapshot is gone: output is exactly-once only for what was read after it
};
[[nodiscard]] const char* to_string(replay r) noexcept;

/// What `poll` tells the engine to do next.
struct poll_result {
  enum class next : std::uint8_t { more, wait, idle, end };
  next what = next::more;
  /// With `wait`: how long until there may be something; the engine polls again then.
  std::chrono::nanoseconds after{};

  static poll_result more() { return {}; }
  static poll_result wait(std::chrono::nanoseconds d) { return {next::wait, d}; }
  /// As `wait`, and nothing is expected for longer: watermarks downstream go on without this partition until it emits
  /// again. What it then emits behind them may be late.
  static poll_result idle(std::chrono::nanoseconds d) { return {next::idle, d}; }
  static poll_result end() { return {next::end, {}}; }
};

/// Brings events into a topology.
///
/// Each partition reads its share of the input (for files: file i belongs to partition i mod parallelism) and is the
/// unit of position and watermark. The engine calls `poll` only while there is credit downstream.
///
/// Of a logged producer, what one call of `poll` emits is written to the event log with the position behind it, as one
/// entry of at most 8 MiB, and goes on when that is synced; after a failure it comes from there. One sync a poll is the
/// price, so such a producer emits what it has, up to `max`, before it returns, and gets a thread of its own.
class producer : public actor {
public:
  [[nodiscard]] actor_kind kind() const noexcept final { return actor_kind::producer; }
  [[nodiscard]] virtual replay replays() const noexcept { return replay::replayable; }

  /// Emits at most about `max` events and says what next. An exception goes through the failure policy.
  [[nodiscard]] virtual poll_result poll(context& c, std::size_t max) = 0;
  /// Where reading goes on: everything emitted so far lies before it.
  virtual void save_position(msgpack::writer& out) const = 0;
  /// What the last poll of a logged producer emitted is durable: a source that waits for a word of acknowledgement can
  /// have it now. After a failure in between it may offer again what `load_position` says is known.
  virtual void on_logged(context&) {}
  /// Takes an input back that became a dead letter, mended or not: emits what comes of it. What it throws makes it a
  /// dead letter once more. False: this producer takes nothing back.
  [[nodiscard]] virtual bool take_back(context&, const dead_letter&) { return false; }
  /// Goes to a saved position; called before `open`, for logged producers twice when the log knows a newer one.
  [[nodiscard]] virtual bool load_position(msgpack::reader& in) = 0;
  /// The position for people, e.g. `trades.csv:4711`.
  [[nodiscard]] virtual std::string describe_position() const = 0;
  /// How far event times may run behind the newest one seen: the watermark follows at this distance.
  [[nodiscard]] virtual std::chrono::nanoseconds disorder() const { return std::chrono::nanoseconds{0}; }
  /// The watermark as the input itself tells it (punctuation, or a rule of the actor's own): every event emitted from
  /// now on is later than this. nullopt: it follows the newest event time at the distance `disorder`. Must depend on
  /// the position alone, or lateness would differ between runs. Never moves back: an earlier value is ignored. Asked
  /// after each poll; a move sends what was emitted so far on its way.
  [[nodiscard]] virtual std::optional<event_time> watermark() const { return std::nullopt; }
  /// Events not read yet, when the input's end is known; the run shows it as lag.
  [[nodiscard]] virtual std::uint64_t backlog() const { return 0; }
};

}  // namespace millrace
