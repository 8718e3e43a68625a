#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// Accumulators that keep records themselves, but not all of them: what other systems do with evictors.
///
/// ```cpp
/// windows<newest_events<Sale, 10>> last_ten{this, "last_ten", tumbling(1min), &Shop::on_minute};
/// last_ten.add(c, s.at, [&](auto& kept) { kept.add(s.at, s); });
/// ```
/// Records stand by event time, equal times in the order they came; `Keep` says which go. Merging is associative, so
/// panes, sessions and corrections work as with any accumulator. Memory: what is kept.
template <class T, class Keep>
class kept_events {
public:
  struct entry {
    event_time at{};
    T record{};
  };

  void add(event_time at, const T& record) {
    entries_.insert(std::ranges::upper_bound(entries_, at, {}, &entry::at), entry{at, record});
    Keep::cut(entries_);
  }
  void merge(const kept_events& o) {
    const auto middle = static_cast<std::ptrdiff_t>(entries_.size());
    entries_.insert(entries_.end(), o.entries_.begin(), o.entries_.end());
    std::inplace_merge(entries_.begin(), entries_.begin() + middle, entries_.end(),
                       [](const entry& a, const entry& b) { return a.at < b.at; });
    Keep::cut(entries_);
  }
  /// Oldest first.
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

private:
  friend struct codec<kept_events>;
  std::vector<entry> entries_;
};

namespace engine {

template <std::size_t N>
struct keep_newest {
  static_assert(N > 0);
  static void cut(auto& entries) {
    if (entries.size() <= N) return;
    entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(N));
  }
};

template <std::chrono::milliseconds::rep Ms>
struct keep_recent {
  static_assert(Ms > 0);
  static void cut(auto& entries) {
    if (entries.empty()) return;
    const auto from = entries.back().at - std::chrono::milliseconds{Ms};
    const auto kept = std::ranges::find_if(entries, [from](const auto& e) { return e.at > from; });
    entries.erase(entries.begin(), kept);
  }
};

}  // namespace engine

/// The window's N newest records.
template <class T, std::size_t N>
using newest_events = kept_events<T, engine::keep_newest<N>>;
/// The window's records less than so many milliseconds older than its newest one.
template <class T, std::chrono::milliseconds::rep Ms>
using recent_events = kept_events<T, engine::keep_recent<Ms>>;

template <class T, class Keep>
struct codec<kept_events<T, Keep>> {
  static field_type type() { return codec<std::vector<T>>::type(); }
  static void encode(msgpack::writer& w, const kept_events<T, Keep>& in) {
    w.array(static_cast<std::uint32_t>(in.entries_.size()));
    for (const auto& e : in.entries_) {
      w.array(2);
      w.integer(e.at.ns);
      codec<T>::encode(w, e.record);
    }
  }
  static bool decode(msgpack::reader& r, kept_events<T, Keep>& out) {
    std::uint32_t count = 0;
    std::uint32_t n = 0;
    if (!r.array(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      typename kept_events<T, Keep>::entry e;
      if (!r.array(n) || n != 2 || !r.integer(e.at.ns) || !codec<T>::decode(r, e.record)) return false;
      out.entries_.push_back(std::move(e));
    }
    return true;
  }
};

}  // namespace millrace
