#include "millrace/engine/due_firing.hpp"

namespace millrace::engine {

bool due_firing::fire_to(context& c, std::int64_t limit, const bool& pause) {
  constexpr std::size_t ahead = 8;
  for (;;) {
    for (; next_ < firing_.size(); ++next_) {
      if (pause) return false;
      if (next_ + ahead < firing_.size()) rows_->rows().prefetch(firing_[next_ + ahead]);
      visit(c, firing_[next_]);
    }
    rows_->deselect();
    if (!firing_.empty()) {
      passed(firing_at_);
      firing_.clear();
      next_ = 0;
    }
    const auto due = due_.next();
    if (!due || *due > limit) break;
    firing_at_ = *due;
    firing_ = due_.take_first(std::move(firing_));
    next_ = 0;
  }
  passed(limit);
  return true;
}

void due_firing::forget() {
  due_.clear();
  firing_.clear();
  next_ = 0;
}

}  // namespace millrace::engine
