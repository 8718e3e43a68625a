#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "millrace/bytes.hpp"
#include "runtime/remote/exchange.hpp"

namespace millrace::runtime::remote {

/// What a guest tells its lead, in order and without loss while the lead is there.
///
/// The problem: a link that stands still has a full queue, and that a task has ended or failed must not be forgotten
/// because of it: the lead looks at sessions, not at single words, and would wait for ever. What finds no room waits
/// here, and everything behind it. Bounded: a task has few words to say. Thread: one owner.
class word_queue {
public:
  word_queue(exchange& nodes, std::string node, std::size_t words_max)
      : nodes_{nodes}, node_{std::move(node)}, words_max_{words_max} {}

  /// Sends it when nothing waits before it and there is room. False: too many words wait, and it is dropped.
  [[nodiscard]] bool say(byte_buffer word) {
    if (waiting_.empty() && !must_wait(word)) return true;
    if (waiting_.size() >= words_max_) return false;
    waiting_.push_back(std::move(word));
    return true;
  }
  /// Sends what has waited as far as there is room. True: nothing waits any more.
  bool send_waiting() {
    while (!waiting_.empty() && !must_wait(waiting_.front())) waiting_.pop_front();
    return waiting_.empty();
  }
  [[nodiscard]] bool is_waiting() const noexcept { return !waiting_.empty(); }
  /// The node is lost: nobody hears it.
  void clear() { waiting_.clear(); }

private:
  /// What will never go (too large for any message) does not hold up the rest.
  [[nodiscard]] bool must_wait(const byte_buffer& word) {
    const auto sent = nodes_.send(node_, word.view());
    return !sent && sent.error().code == errc::unavailable;
  }

  exchange& nodes_;
  std::string node_;
  std::size_t words_max_;
  std::deque<byte_buffer> waiting_;
};

}  // namespace millrace::runtime::remote
