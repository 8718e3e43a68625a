#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "millrace/engine/row_store.hpp"

namespace millrace::engine {

/// Which rows want a visit when time reaches a point. Points are few (window ends), rows many: each point has a list,
/// so that reaching it costs what is due there and nothing for other keys. The truth is in the rows; an entry may be
/// stale. Not in snapshots: rebuilt from the rows. Thread: owning actor.
class due_lists {
public:
  void add(std::int64_t at, row_id row) {
    if (at != last_at_ || last_ == nullptr) {
      last_ = &lists_[at];
      last_at_ = at;
      if (last_->empty() && last_->capacity() == 0) last_->swap(spare_);
    }
    last_->push_back(row);
  }
  [[nodiscard]] std::optional<std::int64_t> next() const {
    if (lists_.empty()) return std::nullopt;
    return lists_.begin()->first;
  }
  /// Takes the first list, which must exist, and gives the memory of `emptied` to a later one.
  std::vector<row_id> take_first(std::vector<row_id> emptied) {
    if (spare_.capacity() < emptied.capacity()) {
      emptied.clear();
      spare_.swap(emptied);
    }
    auto out = std::move(lists_.begin()->second);
    lists_.erase(lists_.begin());
    last_ = nullptr;
    return out;
  }
  void clear() {
    lists_.clear();
    last_ = nullptr;
  }

private:
  std::map<std::int64_t, std::vector<row_id>> lists_;
  std::vector<row_id>* last_ = nullptr;
  std::int64_t last_at_ = 0;
  std::vector<row_id> spare_;
};

}  // namespace millrace::engine
