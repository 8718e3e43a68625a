#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/patterns/automaton.hpp"
#include "millrace/patterns/match_store.hpp"

namespace millrace::patterns {

/// What happens when a key would hold more than it may.
enum class overflow_rule : std::uint8_t {
  drop_oldest,  ///< all partial matches with the earliest first event go
  drop_newest,  ///< the partial matches that the event made are not kept, those that began last first
  fail,         ///< as drop_newest, and the failure policy decides what happens next
};

struct match_limits {
  std::uint32_t partial_max = 1'000;  ///< partial matches of a key and pattern
  std::uint32_t events_max = 1'000;   ///< events of one match
  overflow_rule overflow = overflow_rule::drop_oldest;
};

/// The conditions of a pattern, asked about the event at hand.
class conditions {
public:
  virtual ~conditions() = default;
  /// True when the condition looks at the event alone: then it is asked once an event.
  [[nodiscard]] virtual bool is_simple(std::uint32_t stage) const = 0;
  /// Whether the event at hand meets the stage's condition after the events of `earlier`.
  [[nodiscard]] virtual bool holds(std::uint32_t stage, const chain& earlier) const = 0;
};

/// Told what was found; the chain is good for the time of the call.
class match_listener {
public:
  virtual ~match_listener() = default;
  /// `found_at`: the time of the event, or the end of the time, that settled it.
  virtual void on_match(const chain& events, event_time found_at) = 0;
  virtual void on_timeout(const chain& events, event_time at) = 0;
};

/// Finds the matches of one pattern in the events of one key at a time, given in order.
///
/// For each event: `expire` with the time before it, `take`, then (when `take` gave a slot) the owner puts the event
/// there, then `emit`. Nothing is kept here between keys: what a key needs is in its `match_store`. A condition that
/// throws leaves the store as it was before the event. Thread: one owner.
class matcher {
public:
  explicit matcher(const automaton& a, match_limits limits = {}) : automaton_{&a}, limits_{limits} {}

  /// Lets every partial match do what it can with the event. The slot for the event, when it was taken.
  [[nodiscard]] std::optional<std::uint32_t> take(match_store& store, const conditions& with, event_time at);
  /// Reports the matches that `take` found and drops what the skip rule says.
  void emit(match_store& store, match_listener& to);
  /// Ends the partial matches whose time is over at `now`, when no event up to `now` is to come any more.
  void expire(match_store& store, event_time now, match_listener& to);
  /// No event is to come any more at all; the store is empty then.
  void finish(match_store& store, match_listener& to);

  /// When the time of the next partial match is over.
  [[nodiscard]] std::optional<event_time> deadline(const match_store& store) const noexcept;
  /// Whether a match waits for the next event or the end of the input, without a deadline.
  [[nodiscard]] bool waits_for_end(const match_store& store) const noexcept;

  /// Partial matches dropped because of limits, since this was asked last.
  [[nodiscard]] std::uint64_t take_dropped() noexcept { return std::exchange(dropped_, 0); }
  [[nodiscard]] const match_limits& limits() const noexcept { return limits_; }
  /// Calls `forget(slot)` for each slot whose event nobody needs any more, since this was asked last.
  template <class Forget>
  void each_freed(Forget forget) {
    for (const auto slot : freed_) forget(slot);
    freed_.clear();
  }

private:
  struct arrival;
  struct range {
    std::uint64_t from, to;
    [[nodiscard]] bool has(std::uint64_t p) const noexcept { return p >= from && p < to; }
  };

  [[nodiscard]] const path& path_of(const partial_match& p) const noexcept;
  [[nodiscard]] bool holds(arrival& a, const partial_match& p, std::uint32_t stage);
  void advance(arrival& a, partial_match& p, const path& steps);
  void extend(arrival& a, partial_match& p, const step& s);
  [[nodiscard]] bool is_alive(const partial_match& p) const noexcept;
  [[nodiscard]] bool may_end(const partial_match& p) const noexcept;
  void limit(match_store& store);
  void end_group(match_store& store, event_time at, bool with_timeouts, match_listener& to);
  void drop(match_store& store, range r);
  [[nodiscard]] range dropped_by(const match_store& store, const partial_match& p) const;
  void forget(match_store& store, std::vector<partial_match>& gone);
  [[nodiscard]] event_time deadline_of(const partial_match& p) const noexcept;

  const automaton* automaton_;
  match_limits limits_;
  std::vector<partial_match> next_, made_, dead_, found_, group_;
  std::vector<range> ranges_;
  std::vector<std::uint32_t> freed_;
  std::uint64_t dropped_ = 0;
  event_time found_at_{};  ///< of what is in found_
  bool is_over_ = false;
};

}  // namespace millrace::patterns
