#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/detail/call_member.hpp"
#include "millrace/engine/due_cell.hpp"
#include "millrace/engine/mergeable.hpp"
#include "millrace/engine/pane_layout.hpp"
#include "millrace/engine/pane_ring.hpp"
#include "millrace/port.hpp"
#include "millrace/window.hpp"

namespace millrace {

/// Keyed windows of a processor: tumbling or sliding, of event or processing time.
///
/// ```cpp
/// struct total { std::int64_t n = 0; double sum = 0; void merge(const total& o) { n += o.n; sum += o.sum; } };
/// windows<total> per_minute{this, "per_minute", tumbling(1min), &Sales::on_minute};
/// void on_sale(context& c, const Sale& s) { per_minute.add(c, s.at, [&](total& t) { ++t.n; t.sum += s.amount; }); }
/// void on_minute(context& c, const window_result<total>& r) { out.emit({c.key<std::string>(), r.window.end, …}); }
/// ```
///
/// What a window collects is kept once a pane and merged when the window fires, so overlapping windows cost about what
/// tumbling ones do. Windows fire for the keys that have events in them; idle keys cost nothing. Results of one window
/// come before those of the next, in no particular order of keys; a correction comes with the late event that causes
/// it. An event that is too late for all of its windows goes out on `late` and counts nowhere; one that is too late for
/// some counts for the others. Lateness is judged against the event's own producer partition, so it is the same in
/// every run. State goes with the key's row: snapshots and recovery hold. Memory is given back when a key's last window
/// ends. Thread: owning actor; `add` inside a keyed handler.
template <accumulator Acc>
class windows final : engine::due_cell<engine::pane_ring<Acc>>, engine::mergeable {
  using base = engine::due_cell<engine::pane_ring<Acc>>;
  using base::fired_to_;
  using base::firing_at;
  using base::highest;
  using base::is_firing;
  using base::look_at;
  using base::lowest;
  using base::writable;
  using ring = engine::pane_ring<Acc>;
  using handler = void (actor::*)(context&, const window_result<Acc>&);

public:
  /// Windows that are not known yet: `set` must follow in `configure`.
  template <class Owner, class Declaring>
  windows(Owner* owner, std::string name, void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : base(owner),
        mergeable(owner, name),
        name_{std::move(name)},
        handler_{static_cast<handler>(on_result)},
        late_{owner, name_} {}
  template <class Owner, class Declaring>
  windows(Owner* owner, std::string name, const window_spec& spec,
          void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : windows(owner, std::move(name), on_result) {
    if (auto ok = set(spec); !ok) throw std::invalid_argument(ok.error().message);
  }

  /// Fixes what the windows are; once, before the actor opens.
  [[nodiscard]] result<void> set(const window_spec& spec) {
    if (auto ok = check(spec); !ok) return ok;
    spec_ = spec;
    panes_ = engine::pane_layout::of(spec);
    ring_size_ = panes_.ring_size();
    folds_ = panes_.span >= folded_panes_min && panes_.span > panes_.step;
    this->place(name_, "windows<" + engine::type_text<Acc>() + ">", ring::ops(ring_size_));
    role_changed();
    return {};
  }

  /// Counts the current record in: `update` gets the accumulator of its pane. `at`: its event time. False: it came too
  /// late for every window it belongs to, and went out on `late`.
  template <class Update>
  bool add(context& c, event_time at, Update&& update) {
    if (spec_.time == time_domain::processing) return add_now(c, std::forward<Update>(update));
    const auto pane = pane_at(at.ns);
    if (pane < open_from_ || c.late_against() != event_time::min()) [[unlikely]] {
      return add_late(c, pane, std::forward<Update>(update));
    }
    add_to(c, pane, update);
    return true;
  }
  /// As above for windows of processing time: the record belongs to the present.
  template <class Update>
  bool add_now(context& c, Update&& update) {
    const auto now = std::max(c.now().ns, fired_to_ == lowest ? lowest : fired_to_ + 1);
    add_to(c, pane_at(now), update);
    return true;
  }

private:
  // Below that merging all panes of a window is cheaper.
  static constexpr std::int64_t folded_panes_min = 16;

  [[nodiscard]] std::int64_t pane_at(std::int64_t ns) noexcept {
    if (ns >= pane_start_ && ns < pane_end_) return pane_;
    pane_ = panes_.pane_at(ns);
    pane_start_ = panes_.offset_ns + pane_ * panes_.pane_ns;
    pane_end_ = pane_start_ + panes_.pane_ns;
    // Behind the end of the input no window is left.
    pane_due_ =
        next_window_ == highest ? highest : panes_.complete_at(std::max(panes_.first_window(pane_), next_window_));
    return pane_;
  }

  template <class Update>
  void add_to(context& c, std::int64_t pane, Update&& update) {
    auto& r = writable();
    update(r.at(pane, ring_size_));
    look_at(r, pane_due_);
    if (spec_.early_events != 0 && ++r.since_early >= spec_.early_events) fire_early(c, r, pane);
    if (spec_.early_every.count() != 0 && !r.touched) touch(c, r);
  }
  template <class Update>
  bool add_late(context& c, std::int64_t pane, Update&& update);

  void touch(context& c, ring& r) {
    r.touched = true;
    if (touched_.empty()) next_early_ = c.now().ns + spec_.early_every.count();
    touched_.push_back(this->state().current_row());
  }
  [[nodiscard]] bool result_of(const ring& r, std::int64_t window, Acc& out) const {
    out = Acc{};
    const auto first = window * panes_.step;
    return r.combine(first, first + panes_.span, window, ring_size_, out);
  }
  void send(context& c, std::int64_t window, window_firing why, const Acc& value, const Acc* replaces = nullptr) {
    if (role() == engine::salt_role::collects) [[unlikely]] {
      return send_partial(panes_.window(window).start.ns, value);
    }
    detail::call_member(this->owner_, handler_, c, window_result<Acc>{panes_.window(window), why, value, replaces});
  }
  // Salted: each place collects by pane, and sends a pane when the watermark has passed it. All that makes windows of
  // panes is done where they are merged.
  void role_changed() override;
  [[nodiscard]] std::string obstacle() const override;
  void merge_partial(context& c, std::int64_t at, bytes_view content) override;
  template <class Update>
  bool send_late(std::int64_t pane, std::int64_t against, Update&& update);

  void fire_early(context& c, ring& r, std::int64_t pane);
  [[nodiscard]] bool fire_touched(context& c, const bool& pause);
  void fire_touched_row(context& c, engine::row_id row);

  [[nodiscard]] std::int64_t due_of(const ring& r) const override;
  [[nodiscard]] bool is_empty(const ring& r) const override { return r.is_empty(); }
  void settle(context& c, ring& r) override;
  void give_up(ring& r) override;
  void put_off(ring& r) override;
  void restart(event_time at) override;
  void restored(ring& r) override;
  void passed(std::int64_t limit) override;
  void skip() override;

  bool fire(context& c, event_time limit, const bool& pause) override {
    return spec_.time == time_domain::processing || this->fire_to(c, limit.ns, pause);
  }
  [[nodiscard]] std::optional<processing_time> next_processing() const override;
  bool fire_processing(context& c, processing_time now, const bool& pause) override;

  std::string name_;
  handler handler_;
  late_outputs late_;
  window_spec spec_;
  engine::pane_layout panes_;
  std::uint32_t ring_size_ = 0;
  bool folds_ = false;         // long windows that overlap: see pane_fold
  engine::pane_layout whole_;  // collecting: of the windows that are made of the panes elsewhere
  std::int64_t whole_lateness_ns_ = 0;

  // The pane of the last event, which is often the next one's, and when its first open window is complete.
  std::int64_t pane_ = 0, pane_start_ = 0, pane_end_ = 0, pane_due_ = 0;
  std::int64_t next_window_ = lowest;  // the first one that has not
  std::int64_t open_from_ = lowest;    // the first pane none of whose windows has fired
  Acc value_{};  // the result being sent; here so that accumulators with memory of their own keep it
  std::vector<engine::row_id> touched_;  // rows with events since their last early results
  std::int64_t next_early_ = highest;    // when those are due
  bool is_early_ = false;                // they are being sent
};

}  // namespace millrace

#include "millrace/detail/windows_impl.hpp"  // IWYU pragma: export
