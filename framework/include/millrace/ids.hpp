#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace millrace {

/// A number that means one thing: two kinds of id never convert into each other.
template <class Tag, class Rep = std::uint64_t>
struct strong_id {
  using rep = Rep;
  Rep value{};
  constexpr auto operator<=>(const strong_id&) const noexcept = default;
};

/// Number of a snapshot of the whole topology. Never used twice, also not after a crash; 0 is "none".
using epoch_id = strong_id<struct epoch_tag>;
/// Fencing token of an incarnation: grows with every start of a topology and every restart of a region.
using generation = strong_id<struct generation_tag>;
/// Place of an event on one channel, counted for the topology's life.
using sequence = strong_id<struct sequence_tag>;
/// A partition of an actor inside one execution plan: dense from 0.
using task_id = strong_id<struct task_tag, std::uint32_t>;
/// One sender task to one receiver task of a stream: dense from 0 inside one execution plan.
using channel_id = strong_id<struct channel_tag, std::uint32_t>;
/// Unit of state placement: key group = XXH3_64(canonical key) mod G.
using key_group = strong_id<struct key_group_tag, std::uint32_t>;

}  // namespace millrace

template <class Tag, class Rep>
struct std::hash<millrace::strong_id<Tag, Rep>> {
  std::size_t operator()(const millrace::strong_id<Tag, Rep>& id) const noexcept { return std::hash<Rep>{}(id.value); }
};
