#pragma once

#include <string>
#include <vector>

#include "millrace/engine/due_firing.hpp"
#include "millrace/engine/state_cell.hpp"
#include "millrace/state.hpp"

namespace millrace::engine {

/// What windows, sessions and joins share: a cell in the key's row that knows at which time it wants to be looked at
/// (`Cell::due`, `Cell::never`), the look itself, and its recovery.
template <class Cell>
class due_cell : public due_firing, public state_cell {
protected:
  explicit due_cell(actor* owner) : due_firing(actor_access::state(*owner)), state_cell(owner), owner_{owner} {
    actor_access::firings(*owner).push_back(this);
  }
  ~due_cell() override = default;

  /// When the cell must be looked at next; `never` when nothing in it waits.
  [[nodiscard]] virtual std::int64_t due_of(const Cell& s) const = 0;
  [[nodiscard]] virtual bool is_empty(const Cell& s) const = 0;
  /// Sends what is due at `firing_at`. May throw, and is then called again unless what it threw at is skipped.
  virtual void settle(context& c, Cell& s) = 0;
  /// Takes out what was due at `firing_at`, whether it was sent or skipped.
  virtual void give_up(Cell& s) = 0;
  /// What was due is over: when to look again. Overridden by cells that stay in their row for a while.
  virtual void put_off(Cell& s) {
    s.due = Cell::never;
    if (is_empty(s)) return drop();
    reschedule(s);
  }
  /// State was loaded that had been taken at `at`; the cells follow by `restored`.
  virtual void restart(event_time at) { fired_to_ = at.ns; }
  virtual void restored(Cell&) {}
  void passed(std::int64_t limit) override { fired_to_ = std::max(fired_to_, limit); }
  bool fire(context& c, event_time limit, const bool& pause) override { return fire_to(c, limit.ns, pause); }

  [[nodiscard]] Cell& writable() { return *reinterpret_cast<Cell*>(write()); }
  /// Of the row that is selected: looks at it earlier when it has become due earlier.
  void reschedule(Cell& s) { look_at(s, due_of(s)); }
  void look_at(Cell& s, std::int64_t due) {
    if (due >= s.due) return;
    s.due = due;
    schedule(state().current_row(), due);
  }
  /// Selects a row, unless it is gone or has no such cell.
  [[nodiscard]] const Cell* cell_in(row_id row) {
    state().deselect();  // before a row is looked at: letting the last one go may move others out of memory
    const auto* at = state().rows().live_row(row);
    if (at == nullptr || in_row(at) == nullptr) return nullptr;
    return reinterpret_cast<const Cell*>(in_row(at));
  }

  actor* owner_;
  std::int64_t fired_to_ = lowest;  // the time up to which everything has fired

private:
  [[nodiscard]] Cell* due_in(row_id row) {
    const auto* cell = cell_in(row);
    if (cell == nullptr || cell->due != firing_at()) return nullptr;  // an entry that is no longer true
    state().select_row(row);
    return &writable();
  }
  void visit(context& c, row_id row) final {
    auto* s = due_in(row);
    if (s == nullptr) return;
    settle(c, *s);
    give_up(*s);
    put_off(*s);
  }
  void leave(row_id row) final {
    auto* s = due_in(row);
    if (s == nullptr) return;
    give_up(*s);
    put_off(*s);
  }
  void rebuild(event_time at) final {
    forget();
    restart(at);
    std::vector<row_id> held;
    state().rows().for_each([&](row_id row, const std::byte* content) {
      if (in_row(content) != nullptr) held.push_back(row);
    });
    for (const auto row : held) {
      state().select_row(row);
      auto& s = writable();
      restored(s);
      s.due = Cell::never;
      if (is_empty(s)) {
        drop();
      } else {
        reschedule(s);
      }
    }
    state().deselect();
  }
};

}  // namespace millrace::engine
