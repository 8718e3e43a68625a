#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>

#include "millrace/codec.hpp"
#include "millrace/engine/cow.hpp"
#include "millrace/engine/pane_fold.hpp"
#include "millrace/engine/row_page.hpp"

namespace millrace::engine {

/// The panes of one key: a ring of accumulators for the newest panes, and a map for what does not fit.
///
/// The problem: windows that overlap share their panes, and a key's panes must be where its row is, so that an event
/// costs one memory access. The ring's size is chosen at run time from the window's; the panes stand behind this head
/// in the row. Panes older than the ring (a slow input, much disorder) and panes that only count for later windows
/// (late events) go to `extra`. Source of the idea: Li et al., No pane, no gain (SIGMOD Record 2005).
template <class Acc>
struct pane_ring {
  static_assert(alignof(Acc) <= alignof(std::int64_t), "over-aligned accumulators are not supported");
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t from_first = std::numeric_limits<std::int64_t>::min();

  /// Of panes beside the ring: pane, and the first window they count for.
  using place = std::pair<std::int64_t, std::int64_t>;
  struct overflow {
    std::map<place, Acc> panes;
    bool has_partial = false;  ///< some count for later windows only
    pane_fold<Acc> fold;       ///< of long windows; not in snapshots
  };

  std::int64_t newest = 0;  ///< the newest pane the ring has room for
  std::int64_t due = never;
  std::uint64_t live = 0;  ///< bit i: slot i holds a pane
  cow<overflow> extra;
  std::uint32_t since_early = 0;
  bool touched = false;
  bool lingers = false;  ///< empty, kept for one window in case the key comes back: most do

  [[nodiscard]] Acc* panes() noexcept { return reinterpret_cast<Acc*>(this + 1); }
  [[nodiscard]] const Acc* panes() const noexcept { return reinterpret_cast<const Acc*>(this + 1); }
  [[nodiscard]] bool is_empty() const noexcept { return live == 0 && extra.read().panes.empty(); }
  [[nodiscard]] bool has(std::int64_t pane, std::uint32_t count) const noexcept {
    return static_cast<std::uint64_t>(newest - pane) < count && (live >> (pane & (count - 1)) & 1U) != 0;
  }

  /// The accumulator of a pane, fresh when it had none. `count`: slots of the ring, a power of two up to 64.
  Acc& at(std::int64_t pane, std::uint32_t count) {
    const auto slot = static_cast<std::uint32_t>(pane & (count - 1));
    if (has(pane, count)) return panes()[slot];
    if (live == 0) newest = pane;
    if (pane > newest) make_room(pane, count);
    if (newest - pane >= count) return extra.write().panes[{pane, from_first}];
    live |= std::uint64_t{1} << slot;
    return panes()[slot] = Acc{};
  }
  /// The oldest pane at or behind `from`; `never` when there is none.
  [[nodiscard]] std::int64_t oldest(std::int64_t from, std::uint32_t count) const {
    auto out = never;
    for (auto pane = std::max(from, newest - count + 1); pane <= newest && out == never; ++pane) {
      if (has(pane, count)) out = pane;
    }
    const auto& others = extra.read().panes;
    const auto other = others.lower_bound({from, from_first});
    return other == others.end() ? out : std::min(out, other->first.first);
  }
  /// The accumulator of a pane that counts from `window` on only.
  Acc& late_at(std::int64_t pane, std::int64_t window) {
    auto& own = extra.write();
    own.has_partial = true;
    return own.panes[{pane, window}];
  }
  /// Calls f(pane, value) for the panes in [first, last) that count for `window`, those beside the ring first.
  template <class F>
  void each(std::int64_t first, std::int64_t last, std::int64_t window, std::uint32_t count, F&& f) const {
    const auto& others = extra.read().panes;
    for (auto e = others.lower_bound({first, from_first}); e != others.end() && e->first.first < last; ++e) {
      if (e->first.second <= window) f(e->first.first, e->second);
    }
    const auto end = std::min(last, newest + 1);
    for (auto pane = std::max(first, newest - count + 1); pane < end; ++pane) {
      if ((live >> (pane & (count - 1)) & 1U) != 0) f(pane, panes()[pane & (count - 1)]);
    }
  }
  /// Merges the panes [first, last) that count for window `window` into `out`; false when there are none.
  [[nodiscard]] bool combine(std::int64_t first, std::int64_t last, std::int64_t window, std::uint32_t count,
                             Acc& out) const {
    bool any = false;
    each(first, last, window, count, [&](std::int64_t, const Acc& a) {
      if (any) {
        out.merge(a);
      } else {
        out = a;
      }
      any = true;
    });
    return any;
  }
  /// As `combine`, for windows that fire one after the other and share most of their panes.
  [[nodiscard]] bool fold(std::int64_t first, std::int64_t last, std::int64_t window, std::uint32_t count, Acc& out) {
    auto& own = extra.write();
    if (own.has_partial) return combine(first, last, window, count, out);
    const auto panes_between = [&](std::int64_t from, std::int64_t to, const auto& f) {
      each(from, to, window, count, f);
    };
    return own.fold.window(first, last, panes_between, out);
  }
  /// A pane changed that windows which have fired hold.
  void unfold() {
    if (extra.read().fold.is_used()) extra.write().fold.clear();
  }
  /// Forgets the panes before `pane`.
  void drop_before(std::int64_t pane, std::uint32_t count) {
    for (auto p = newest - count + 1; p < std::min(pane, newest + 1); ++p) {
      live &= ~(std::uint64_t{1} << (p & (count - 1)));
    }
    const auto& others = extra.read().panes;
    if (others.empty() || others.begin()->first.first >= pane) return;
    auto& own = extra.write();
    own.panes.erase(own.panes.begin(), own.panes.lower_bound({pane, from_first}));
    if (own.panes.empty()) own.has_partial = false;
  }

  /// How the row store handles such a cell.
  [[nodiscard]] static cell_ops ops(std::uint32_t count) {
    return {sizeof(pane_ring) + count * sizeof(Acc),
            alignof(pane_ring),
            false,
            count,
            construct,
            copy,
            destroy,
            encode,
            decode};
  }

private:
  /// Makes `pane` the newest; panes whose slots are needed move to `extra`.
  void make_room(std::int64_t pane, std::uint32_t count) {
    const auto kept = pane - count + 1;
    for (auto p = newest - count + 1; p < std::min(kept, newest + 1); ++p) {
      const auto slot = p & (count - 1);
      if ((live >> slot & 1U) == 0) continue;
      extra.write().panes[{p, from_first}].merge(panes()[slot]);
      live &= ~(std::uint64_t{1} << slot);
    }
    newest = pane;
  }

  static void construct(void* to, std::uint32_t count) {
    auto* ring = new (to) pane_ring{};
    for (std::uint32_t i = 0; i < count; ++i) new (ring->panes() + i) Acc{};
  }
  static void copy(void* to, const void* from, std::uint32_t count) {
    const auto& source = *static_cast<const pane_ring*>(from);
    auto* ring = new (to) pane_ring{source};
    if constexpr (std::is_trivially_copyable_v<Acc>) {
      std::memcpy(static_cast<void*>(ring->panes()), source.panes(), count * sizeof(Acc));
    } else {
      for (std::uint32_t i = 0; i < count; ++i) new (ring->panes() + i) Acc(source.panes()[i]);
    }
  }
  static void destroy(void* at, std::uint32_t count) noexcept {
    auto* ring = static_cast<pane_ring*>(at);
    for (std::uint32_t i = 0; i < count; ++i) ring->panes()[i].~Acc();
    ring->~pane_ring();
  }
  static void encode(msgpack::writer& out, const void* at, std::uint32_t count) {
    const auto& ring = *static_cast<const pane_ring*>(at);
    out.array(4);
    out.integer(ring.due);
    out.integer(ring.since_early);
    out.boolean(ring.touched);
    out.array(static_cast<std::uint32_t>(__builtin_popcountll(ring.live)) +
              static_cast<std::uint32_t>(ring.extra.read().panes.size()));
    const auto one = [&out](place p, const Acc& a) {
      out.array(3);
      out.integer(p.first);
      out.integer(p.second);
      codec<Acc>::encode(out, a);
    };
    for (auto pane = ring.newest - count + 1; pane <= ring.newest; ++pane) {
      if (ring.has(pane, count)) one({pane, from_first}, ring.panes()[pane & (count - 1)]);
    }
    for (const auto& [p, a] : ring.extra.read().panes) one(p, a);
  }
  static bool decode(msgpack::reader& in, void* at, std::uint32_t count) {
    auto& ring = *static_cast<pane_ring*>(at);
    std::uint32_t fields = 0;
    std::uint32_t held = 0;
    if (!in.array(fields) || fields != 4 || !in.integer(ring.due) || !in.integer(ring.since_early) ||
        !in.boolean(ring.touched) || !in.array(held)) {
      return false;
    }
    for (std::uint32_t i = 0; i < held; ++i) {
      place p;
      if (!in.array(fields) || fields != 3 || !in.integer(p.first) || !in.integer(p.second)) return false;
      auto& acc = p.second == from_first ? ring.at(p.first, count) : ring.late_at(p.first, p.second);
      if (!codec<Acc>::decode(in, acc)) return false;
    }
    return true;
  }
};

}  // namespace millrace::engine
