#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "millrace/codec.hpp"

namespace millrace::patterns {

/// Events of a key that wait for the watermark, in the order in which they will be handled: by event time, then by the
/// tie number, then as they arrived. Adding one costs a comparison when events come in order, and a move of those it
/// overtakes when they do not. A plain value, encodable where T is. Thread: one owner.
template <class T>
class event_queue {
public:
  struct entry {
    event_time at{};
    std::int64_t tie = 0;
    T event{};
  };

  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] event_time next() const noexcept { return all_.front().at; }
  /// In the order in which they will be handled.
  [[nodiscard]] entry& operator[](std::size_t i) noexcept { return all_[i]; }

  void add(event_time at, std::int64_t tie, T event) {
    auto place = all_.end();
    while (place != all_.begin() && is_before(at, tie, *(place - 1))) --place;
    all_.insert(place, entry{at, tie, std::move(event)});
  }
  void drop_first(std::size_t n) { all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(n)); }

private:
  friend struct codec<event_queue<T>>;
  static bool is_before(event_time at, std::int64_t tie, const entry& other) noexcept {
    return at != other.at ? at < other.at : tie < other.tie;
  }
  std::vector<entry> all_;
};

}  // namespace millrace::patterns

namespace millrace {

template <class T>
struct codec<patterns::event_queue<T>> {
  static void encode(msgpack::writer& w, const patterns::event_queue<T>& in) {
    w.array(static_cast<std::uint32_t>(in.all_.size()));
    for (const auto& e : in.all_) {
      w.array(3);
      w.integer(e.at.ns);
      w.integer(e.tie);
      codec<T>::encode(w, e.event);
    }
  }
  static bool decode(msgpack::reader& r, patterns::event_queue<T>& out) {
    std::uint32_t n = 0;
    if (!r.array(n) || !r.enter()) return false;
    out.all_.clear();
    for (; n != 0; --n) {
      std::uint32_t parts = 0;
      auto& e = out.all_.emplace_back();
      if (!r.array(parts) || (parts != 3 && !r.refuse())) return false;
      if (!r.integer(e.at.ns) || !r.integer(e.tie) || !codec<T>::decode(r, e.event)) return false;
    }
    r.leave();
    return true;
  }
};

}  // namespace millrace
