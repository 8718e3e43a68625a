#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "nexmark/records.hpp"

namespace millrace::nexmark {

/// What decides the events of a generated stream.
struct stream_options {
  std::uint64_t seed = 1;
  std::uint64_t group = 1;                     ///< events are shuffled within groups of this many
  std::chrono::nanoseconds interval{100'000};  ///< event time from one event to the next: 10,000 events a second
  event_time base{1'436'918'400'000'000'000};  ///< 2015-07-15T00:00:00Z, as in the reference implementation
};

/// How far the queries' watermark stays behind the newest event, so that no event is late.
[[nodiscard]] std::chrono::nanoseconds watermark_delay(const stream_options& o) noexcept;

/// Makes the events of the Nexmark benchmark: event `number` is a function of the options and the number alone, so any
/// division of the numbers among partitions gives the same events. Pure. Thread: any.
class event_maker {
public:
  explicit event_maker(const stream_options& o) noexcept : options_{o} {}

  /// Of 50 events the first is a person, the next three are auctions, the rest bids.
  [[nodiscard]] static constexpr event_kind kind_of(std::uint64_t number) noexcept {
    const auto place = number % 50;
    return place == 0 ? event_kind::person : place < 4 ? event_kind::auction : event_kind::bid;
  }
  [[nodiscard]] event_time time_of(std::uint64_t number) const noexcept { return time_at(shuffled(number)); }
  /// Overwrites `out`, which may hold another event.
  void make(std::uint64_t number, event& out) const;

private:
  [[nodiscard]] event_time time_at(std::uint64_t place) const noexcept {
    return {options_.base.ns + static_cast<std::int64_t>(place) * options_.interval.count()};
  }
  [[nodiscard]] std::uint64_t shuffled(std::uint64_t number) const noexcept {
    const auto group = options_.group;
    if (group <= 1) return number;
    constexpr std::uint64_t spread = 953;  // prime: a permutation of every group whose size it does not divide
    return number / group * group + number * spread % group;
  }
  void make_person(std::uint64_t number, person& out) const;
  void make_auction(std::uint64_t number, auction& out) const;
  void make_bid(std::uint64_t number, bid& out) const;

  stream_options options_;
};

}  // namespace millrace::nexmark
