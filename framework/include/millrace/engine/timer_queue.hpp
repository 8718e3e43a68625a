#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "millrace/engine/row_store.hpp"

namespace millrace::engine {

/// Which timer of which key is due next. The truth is the deadline in the key's row; an entry here may be stale (the
/// timer was moved or cleared since) and is then skipped when it comes up. Not in snapshots: rebuilt from the rows.
/// Thread: owning actor.
class timer_queue {
public:
  struct entry {
    std::int64_t deadline;
    row_id row;
    std::uint32_t timer;
  };

  void add(entry e) {
    heap_.push_back(e);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  [[nodiscard]] bool is_due(std::int64_t now) const noexcept { return !heap_.empty() && heap_.front().deadline <= now; }
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// Deadline of the first entry; the queue must not be empty.
  [[nodiscard]] std::int64_t next() const noexcept { return heap_.front().deadline; }
  entry pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const auto e = heap_.back();
    heap_.pop_back();
    return e;
  }
  void clear() noexcept { heap_.clear(); }

private:
  // Ties go by row and timer, so that the order does not depend on how the heap grew.
  static bool later(const entry& a, const entry& b) noexcept {
    if (a.deadline != b.deadline) return a.deadline > b.deadline;
    return a.row != b.row ? a.row > b.row : a.timer > b.timer;
  }
  std::vector<entry> heap_;
};

}  // namespace millrace::engine
