#pragma once

#include <string>

#include "millrace/engine/due_cell.hpp"
#include "millrace/engine/timed_list.hpp"
#include "millrace/join.hpp"
#include "millrace/port.hpp"

namespace millrace::engine {

/// What joins of two keyed inputs share: the cell with both sides, and lateness.
template <class Left, class Right>
class two_sided : public due_cell<join_sides<Left, Right>> {
protected:
  using base = due_cell<join_sides<Left, Right>>;
  using sides = join_sides<Left, Right>;

  two_sided(actor* owner, const std::string& name, const std::string& what) : base(owner), late_{owner, name} {
    this->place(name, what + "<" + type_text<Left>() + "," + type_text<Right>() + ">", cell_ops_of<sides>());
  }
  ~two_sided() override = default;

  /// By its own producer's account, which is the same in every run; what comes unmarked is never behind `fired_to_`.
  [[nodiscard]] bool is_late(const context& c, std::int64_t at, std::int64_t lateness) const noexcept {
    const auto against = c.late_against() != event_time::min() ? c.late_against().ns : this->fired_to_;
    return against != base::lowest && at <= against - lateness;
  }
  [[nodiscard]] bool is_empty(const sides& s) const final { return s.left.is_empty() && s.right.is_empty(); }

  late_outputs late_;
};

}  // namespace millrace::engine
