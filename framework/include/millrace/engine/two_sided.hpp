#pragma once

#include <string>

#include "millrace/engine/due_firing.hpp"
#include "millrace/engine/timed_list.hpp"
#include "millrace/join.hpp"
#include "millrace/port.hpp"
#include "millrace/state.hpp"

namespace millrace::engine {

/// What joins of two keyed inputs share: the cell with both sides, lateness, visits when time passes.
template <class Left, class Right>
class two_sided : public due_firing, public state_cell {
protected:
  using sides = join_sides<Left, Right>;

  two_sided(actor* owner, const std::string& name, const std::string& what)
      : due_firing(actor_access::state(*owner)), state_cell(owner), owner_{owner}, late_{owner, name} {
    place(name, what + "<" + type_text<Left>() + "," + type_text<Right>() + ">", cell_ops_of<sides>());
    actor_access::firings(*owner).push_back(this);
  }
  ~two_sided() override = default;

  /// By its own producer's account, which is the same in every run; what comes unmarked is never behind `fired_to_`.
  [[nodiscard]] bool is_late(const context& c, std::int64_t at, std::int64_t lateness) const noexcept {
    const auto against = c.late_against() != event_time::min() ? c.late_against().ns : fired_to_;
    return against != lowest && at <= against - lateness;
  }
  [[nodiscard]] sides& writable() { return *reinterpret_cast<sides*>(write()); }
  /// When the row must be looked at next; `never` when nothing is left in it.
  [[nodiscard]] virtual std::int64_t due_of(const sides& s) const = 0;
  /// Sends what is due at `firing_at` and takes it out of the lists.
  virtual void settle(context& c, sides& s) = 0;
  /// As `settle`, without sending.
  virtual void give_up(sides& s) = 0;

  void reschedule(sides& s) {
    const auto due = due_of(s);
    if (due >= s.due) return;
    s.due = due;
    schedule(state().current_row(), due);
  }

  actor* owner_;
  late_outputs late_;
  std::int64_t fired_to_ = lowest;

private:
  [[nodiscard]] sides* due_in(row_id row) {
    state().deselect();  // before a row is looked at: letting the last one go may move others out of memory
    const auto* at = state().rows().live_row(row);
    if (at == nullptr || in_row(at) == nullptr) return nullptr;
    if (reinterpret_cast<const sides*>(in_row(at))->due != firing_at()) return nullptr;  // true no longer
    state().select_row(row);
    return &writable();
  }
  void put_off(sides& s) {
    s.due = sides::never;
    if (s.left.is_empty() && s.right.is_empty()) return drop();
    reschedule(s);
  }
  void visit(context& c, row_id row) final {
    if (auto* s = due_in(row); s != nullptr) {
      settle(c, *s);
      put_off(*s);
    }
  }
  void leave(row_id row) final {
    if (auto* s = due_in(row); s != nullptr) {
      give_up(*s);
      put_off(*s);
    }
  }
  void passed(std::int64_t limit) final { fired_to_ = std::max(fired_to_, limit); }
  bool fire(context& c, event_time limit, const bool& pause) final { return fire_to(c, limit.ns, pause); }
  void rebuild(event_time at) final {
    forget();
    fired_to_ = at.ns;
    std::vector<row_id> held;
    state().rows().for_each([&](row_id row, const std::byte* content) {
      if (in_row(content) != nullptr) held.push_back(row);
    });
    for (const auto row : held) {
      state().select_row(row);
      writable().due = sides::never;
      reschedule(writable());
    }
    state().deselect();
  }
};

}  // namespace millrace::engine
