#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "millrace/engine/due_lists.hpp"
#include "millrace/engine/firing.hpp"
#include "millrace/engine/keyed_state.hpp"

namespace millrace::engine {

/// What windows of all kinds share: rows are visited when time reaches what they are due at, in slices. A visit that
/// throws is made again unless it is skipped. Thread: owning task.
class due_firing : public firing {
public:
  void skip() override {
    if (next_ < firing_.size()) leave(firing_[next_++]);
  }

protected:
  static constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  static constexpr auto highest = std::numeric_limits<std::int64_t>::max();

  explicit due_firing(keyed_state& rows) noexcept : rows_{&rows} {}
  ~due_firing() override = default;

  /// The row is due at `firing_at`, or its entry is stale: send results, then `leave` it. May throw.
  virtual void visit(context& c, row_id row) = 0;
  /// Everything the row was due for is over: note when it is due next, or forget it.
  virtual void leave(row_id row) = 0;
  /// Nothing that was due up to `limit` is left.
  virtual void passed(std::int64_t limit) = 0;

  [[nodiscard]] bool fire_to(context& c, std::int64_t limit, const bool& pause);
  void schedule(row_id row, std::int64_t due) { due_.add(due, row); }
  /// Drops all entries: the rows were loaded anew.
  void forget();
  [[nodiscard]] bool is_firing() const noexcept { return !firing_.empty(); }
  [[nodiscard]] std::int64_t firing_at() const noexcept { return firing_at_; }
  [[nodiscard]] std::optional<std::int64_t> next_due() const { return due_.next(); }

private:
  keyed_state* rows_;
  due_lists due_;
  std::vector<row_id> firing_;  // the rows due at firing_at_, from next_ on
  std::size_t next_ = 0;
  std::int64_t firing_at_ = 0;
};

}  // namespace millrace::engine
