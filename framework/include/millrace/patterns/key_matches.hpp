#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/patterns/matcher.hpp"

namespace millrace::patterns {

/// The partial matches of one key and pattern together with the events they hold, each event once. T must be
/// default-constructible: a free slot holds `T{}`. A plain value, encodable where T is. Thread: one owner.
template <class T>
class key_matches {
public:
  [[nodiscard]] const match_store& store() const noexcept { return store_; }
  [[nodiscard]] std::span<const T> events() const noexcept { return events_; }
  [[nodiscard]] bool empty() const noexcept { return store_.partials().empty(); }

  /// Drops what belongs to another pattern: partial matches mean something only to the pattern they were made by.
  void belong_to(const automaton& a) {
    if (fingerprint_ == a.fingerprint()) return;
    clear();
    fingerprint_ = a.fingerprint();
  }
  /// One event, in order. `with` is asked about this event, `to` told what it completes.
  void feed(matcher& by, const T& event, event_time at, const conditions& with, match_listener& to) {
    const tidy after{*this, by};
    if (at > event_time::min()) by.expire(store_, at - std::chrono::nanoseconds{1}, to);
    tidy_up(by);
    if (const auto slot = by.take(store_, with, at)) {
      if (*slot >= events_.size()) events_.resize(store_.slot_count());
      events_[*slot] = event;
    }
    by.emit(store_, to);
  }
  /// All events up to `now` have been fed.
  void expire(matcher& by, event_time now, match_listener& to) {
    const tidy after{*this, by};
    by.expire(store_, now, to);
  }
  void finish(matcher& by, match_listener& to) {
    const tidy after{*this, by};
    by.finish(store_, to);
  }
  void clear() {
    store_.clear();
    events_.clear();
  }

private:
  friend struct codec<key_matches<T>>;
  /// Also when a handler throws: slots that were freed must not be mistaken for another key's.
  struct tidy {
    key_matches& of;
    matcher& by;
    ~tidy() { of.tidy_up(by); }
  };
  void tidy_up(matcher& by) {
    by.each_freed([&](std::uint32_t slot) {
      if (slot < events_.size()) events_[slot] = T{};
    });
    if (empty()) clear();
  }

  match_store store_;
  std::vector<T> events_;
  std::uint32_t fingerprint_ = 0;
};

}  // namespace millrace::patterns

namespace millrace {

template <class T>
struct codec<patterns::key_matches<T>> {
  static void encode(msgpack::writer& w, const patterns::key_matches<T>& in) {
    w.array(3);
    w.integer(in.fingerprint_);
    in.store_.encode(w);
    w.array(static_cast<std::uint32_t>(in.store_.slot_count()));
    for (std::size_t i = 0; i < in.store_.slot_count(); ++i) {
      codec<T>::encode(w, i < in.events_.size() ? in.events_[i] : T{});
    }
  }
  static bool decode(msgpack::reader& r, patterns::key_matches<T>& out) {
    std::uint32_t n = 0;
    if (!r.array(n) || (n != 3 && !r.refuse())) return false;
    if (!r.integer(out.fingerprint_) || !out.store_.decode(r)) return false;
    return codec<std::vector<T>>::decode(r, out.events_) && (out.events_.size() == out.store_.slot_count() || r.refuse());
  }
};

}  // namespace millrace
