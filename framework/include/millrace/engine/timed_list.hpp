#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/engine/cow.hpp"

namespace millrace::engine {

/// Records of a key that wait for partners, by event time; equal times in order of arrival. Dropping the oldest costs
/// what is dropped, however many stay: one input of a join may be far ahead of the other.
template <class T>
class timed_list {
public:
  struct entry {
    std::int64_t at = 0;
    bool matched = false;
    T record{};
  };

  void add(std::int64_t at, bool matched, const T& record) {
    auto& all = kept_.write();
    const auto behind = std::ranges::upper_bound(all.live(), at, {}, &entry::at) - all.live().begin();
    all.entries.insert(all.begin() + behind, entry{at, matched, record});
  }
  /// Behind all others, which it must not precede.
  void append(entry e) { kept_.write().entries.push_back(std::move(e)); }
  /// Positions of the entries in [from, to].
  [[nodiscard]] std::pair<std::size_t, std::size_t> range(std::int64_t from, std::int64_t to) const {
    const auto all = read();
    const auto first = std::ranges::lower_bound(all, from, {}, &entry::at);
    const auto last = std::ranges::upper_bound(all, to, {}, &entry::at);
    const auto begin = first - all.begin();
    return {static_cast<std::size_t>(begin), static_cast<std::size_t>(std::max(begin, last - all.begin()))};
  }
  [[nodiscard]] std::span<const entry> read() const noexcept { return kept_.read().live(); }
  [[nodiscard]] std::span<entry> write() { return kept_.write().live(); }
  [[nodiscard]] bool is_empty() const noexcept { return read().empty(); }
  /// The first entry's time; the list must not be empty.
  [[nodiscard]] std::int64_t oldest() const noexcept { return read().front().at; }

  void drop_first(std::size_t count) {
    if (count != 0) kept_.write().drop(count);
  }
  /// Drops the entries of this time and before.
  void drop_to(std::int64_t at) { drop_first(range(std::numeric_limits<std::int64_t>::min(), at).second); }

private:
  struct list {
    std::vector<entry> entries;
    std::size_t dropped = 0;  // entries at the front that hold nothing any more; at most as many as are left

    list() = default;
    list(const list& o) : entries(o.live().begin(), o.live().end()) {}
    list(list&&) = delete;
    list& operator=(list) = delete;
    ~list() = default;

    [[nodiscard]] auto begin() { return entries.begin() + static_cast<std::ptrdiff_t>(dropped); }
    [[nodiscard]] std::span<const entry> live() const noexcept { return std::span{entries}.subspan(dropped); }
    [[nodiscard]] std::span<entry> live() noexcept { return std::span{entries}.subspan(dropped); }
    void drop(std::size_t count) {
      for (auto& e : live().first(count)) e.record = T{};
      dropped += count;
      if (2 * dropped < entries.size()) return;
      entries.erase(entries.begin(), begin());
      dropped = 0;
    }
  };
  cow<list> kept_;
};

template <class T>
void encode_timed(msgpack::writer& w, const timed_list<T>& in) {
  w.array(static_cast<std::uint32_t>(in.read().size()));
  for (const auto& e : in.read()) {
    w.array(3);
    w.integer(e.at);
    w.boolean(e.matched);
    codec<T>::encode(w, e.record);
  }
}

template <class T>
bool decode_timed(msgpack::reader& r, timed_list<T>& out) {
  std::uint32_t count = 0;
  std::uint32_t fields = 0;
  if (!r.array(count)) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    typename timed_list<T>::entry e;
    if (!r.array(fields) || fields != 3 || !r.integer(e.at) || !r.boolean(e.matched) ||
        !codec<T>::decode(r, e.record)) {
      return false;
    }
    out.append(std::move(e));
  }
  return true;
}

/// The two sides of a join of one key, and when its row is due.
template <class Left, class Right>
struct join_sides {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  std::int64_t due = never;
  timed_list<Left> left;
  timed_list<Right> right;
};

}  // namespace millrace::engine

template <class Left, class Right>
struct millrace::codec<millrace::engine::join_sides<Left, Right>> {
  static void encode(msgpack::writer& w, const engine::join_sides<Left, Right>& in) {
    w.array(3);
    w.integer(in.due);
    engine::encode_timed(w, in.left);
    engine::encode_timed(w, in.right);
  }
  static bool decode(msgpack::reader& r, engine::join_sides<Left, Right>& out) {
    std::uint32_t n = 0;
    return r.array(n) && n == 3 && r.integer(out.due) && engine::decode_timed(r, out.left) &&
           engine::decode_timed(r, out.right);
  }
};
