#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/engine/cow.hpp"

namespace millrace::engine {

/// Records of a key that wait for partners, by event time; equal times in order of arrival.
template <class T>
struct timed_list {
  struct entry {
    std::int64_t at = 0;
    bool matched = false;
    T record{};
  };
  cow<std::vector<entry>> entries;

  void add(std::int64_t at, bool matched, const T& record) {
    auto& all = entries.write();
    all.insert(std::ranges::upper_bound(all, at, {}, &entry::at), entry{at, matched, record});
  }
  /// Positions of the entries in [from, to].
  [[nodiscard]] std::pair<std::size_t, std::size_t> range(std::int64_t from, std::int64_t to) const {
    const auto& all = entries.read();
    const auto first = std::ranges::lower_bound(all, from, {}, &entry::at);
    const auto last = std::ranges::upper_bound(all, to, {}, &entry::at);
    const auto begin = first - all.begin();
    return {static_cast<std::size_t>(begin), static_cast<std::size_t>(std::max(begin, last - all.begin()))};
  }
  [[nodiscard]] bool is_empty() const noexcept { return entries.read().empty(); }
  /// The first entry's time; the list must not be empty.
  [[nodiscard]] std::int64_t oldest() const noexcept { return entries.read().front().at; }
};

template <class T>
void encode_timed(msgpack::writer& w, const timed_list<T>& in) {
  w.array(static_cast<std::uint32_t>(in.entries.read().size()));
  for (const auto& e : in.entries.read()) {
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
  auto& all = out.entries.write();
  for (std::uint32_t i = 0; i < count; ++i) {
    typename timed_list<T>::entry e;
    if (!r.array(fields) || fields != 3 || !r.integer(e.at) || !r.boolean(e.matched) ||
        !codec<T>::decode(r, e.record)) {
      return false;
    }
    all.push_back(std::move(e));
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
