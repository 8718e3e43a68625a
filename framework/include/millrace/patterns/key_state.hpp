#pragma once

#include "millrace/patterns/event_queue.hpp"
#include "millrace/patterns/key_matches.hpp"

namespace millrace {

namespace patterns {

/// What a key keeps for a pattern: events the watermark has not passed, and partial matches.
template <class T>
struct key_state {
  event_queue<T> waiting;
  key_matches<T> matches;
};

}  // namespace patterns

template <class T>
struct codec<patterns::key_state<T>> {
  static void encode(msgpack::writer& w, const patterns::key_state<T>& in) {
    w.array(2);
    codec<patterns::event_queue<T>>::encode(w, in.waiting);
    codec<patterns::key_matches<T>>::encode(w, in.matches);
  }
  static bool decode(msgpack::reader& r, patterns::key_state<T>& out) {
    std::uint32_t n = 0;
    return r.array(n) && (n == 2 || r.refuse()) && codec<patterns::event_queue<T>>::decode(r, out.waiting) &&
           codec<patterns::key_matches<T>>::decode(r, out.matches);
  }
};

}  // namespace millrace
