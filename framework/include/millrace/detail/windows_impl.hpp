#pragma once

#include "millrace/windows.hpp"

namespace millrace {

// Some of the record's windows may have fired, or it is too late for some by its own producer's account.
template <accumulator Acc>
template <class Update>
bool windows<Acc>::add_late(context& c, std::int64_t pane, Update&& update) {
  const auto against = c.late_against() == event_time::min() ? fired_to_ : c.late_against().ns;
  const auto lateness = spec_.allowed_lateness.count();
  const auto first = panes_.first_window(pane);
  const auto last = panes_.last_window(pane);
  auto open = first;
  while (open <= last && panes_.complete_at(open) + lateness <= against) ++open;
  if (open > last) {
    late_.take();
    return false;
  }
  auto& r = writable();
  std::vector<std::pair<std::int64_t, std::optional<Acc>>> corrected;
  for (auto k = open; k <= last && k < next_window_; ++k) {
    Acc before{};
    const bool was_sent = result_of(r, k, before);
    corrected.emplace_back(k, was_sent ? std::optional<Acc>{std::move(before)} : std::nullopt);
  }
  update(open == first ? r.at(pane, ring_size_) : r.extra.write()[{pane, open}]);
  if (const auto due = due_of(r); due < r.due) schedule(r, due);
  for (const auto& [k, before] : corrected) {
    Acc now{};
    (void)result_of(r, k, now);
    send(c, k, window_firing::correction, now, before ? &*before : nullptr);
  }
  return true;
}

template <accumulator Acc>
void windows<Acc>::fire_early(context& c, ring& r, std::int64_t pane) {
  r.since_early = 0;
  for (auto k = std::max(panes_.first_window(pane), next_window_); k <= panes_.last_window(pane); ++k) {
    if (result_of(r, k, value_)) send(c, k, window_firing::early, value_);
  }
}

template <accumulator Acc>
void windows<Acc>::fire_all_early(context& c) {
  while (!touched_.empty()) {
    const auto row = touched_.back();
    touched_.pop_back();
    state().deselect();
    const auto* at = state().rows().live_row(row);
    if (at == nullptr || in_row(at) == nullptr) continue;
    state().select_row(row);
    auto& r = writable();
    if (!r.touched) continue;
    r.touched = false;
    const auto newest = panes_.last_window(r.newest);
    for (auto k = std::max(panes_.first_window(r.oldest(lowest, ring_size_)), next_window_); k <= newest; ++k) {
      if (result_of(r, k, value_)) send(c, k, window_firing::early, value_);
    }
  }
  state().deselect();
}

template <accumulator Acc>
void windows<Acc>::visit(context& c, engine::row_id row) {
  state().deselect();  // before a row is looked at: letting the last one go may move others out of memory
  const auto* at = state().rows().live_row(row);
  if (at == nullptr) return;
  const auto* cell = in_row(at);
  if (cell == nullptr) return;
  const auto& r = *reinterpret_cast<const ring*>(cell);
  if (r.due != firing_at()) return;  // an entry that is no longer true
  state().select_row(row);
  const auto k = panes_.last_complete(firing_at());
  if (panes_.complete_at(k) == firing_at() && result_of(r, k, value_)) send(c, k, window_firing::complete, value_);
  put_off(writable());
}

template <accumulator Acc>
void windows<Acc>::leave(engine::row_id row) {
  state().select_row(row);
  put_off(writable());
}

// The row was dealt with at firing_at(): forget the panes no window needs any more, and come back for the next. A row
// that became empty stays for one window: taking it out and putting it in again costs more than all else.
template <accumulator Acc>
void windows<Acc>::put_off(ring& r) {
  const auto ended = panes_.last_complete(firing_at() - spec_.allowed_lateness.count());
  r.drop_before((ended + 1) * panes_.step, ring_size_);
  r.due = ring::never;
  if (!r.is_empty()) {
    r.lingers = false;
    return schedule(r, due_of(r));
  }
  if (r.lingers) return drop();
  r.lingers = true;
  schedule(r, panes_.complete_at(panes_.last_complete(firing_at()) + 1));
}

// A key is visited when its next window is complete, and when its oldest pane is needed no longer.
template <accumulator Acc>
std::int64_t windows<Acc>::due_of(const ring& r) const {
  const auto after = !is_firing() ? fired_to_ : firing_at();
  const auto unfired = after == lowest ? lowest : panes_.last_complete(after) + 1;
  const auto oldest = r.oldest(lowest, ring_size_);
  const auto waiting = after == lowest ? oldest : r.oldest(unfired * panes_.step, ring_size_);
  const auto forget = panes_.complete_at(panes_.last_window(oldest)) + spec_.allowed_lateness.count();
  if (waiting == ring::never) return forget;
  return std::min(forget, panes_.complete_at(std::max(panes_.first_window(waiting), unfired)));
}

template <accumulator Acc>
void windows<Acc>::passed(std::int64_t limit) {
  if (limit <= fired_to_) return;
  fired_to_ = limit;
  pane_end_ = pane_start_;  // what is known of the last event's pane is true no longer
  if (limit == highest) {
    next_window_ = open_from_ = highest;
    return;
  }
  next_window_ = panes_.last_complete(limit) + 1;
  open_from_ = (next_window_ - 1) * panes_.step + panes_.span;
}

template <accumulator Acc>
void windows<Acc>::rebuild(event_time at) {
  forget();
  touched_.clear();
  fired_to_ = lowest;
  if (spec_.time == time_domain::event && at != event_time::min()) passed(at.ns);
  std::vector<engine::row_id> held;
  state().rows().for_each([&](engine::row_id row, const std::byte* content) {
    if (in_row(content) != nullptr) held.push_back(row);
  });
  for (const auto row : held) {
    state().select_row(row);
    auto& r = writable();
    r.due = ring::never;
    if (r.is_empty()) {
      drop();
    } else {
      schedule(r, due_of(r));
    }
  }
  state().deselect();
}

template <accumulator Acc>
std::optional<processing_time> windows<Acc>::next_processing() const {
  auto next = touched_.empty() ? highest : next_early_;
  if (spec_.time == time_domain::processing) {
    if (is_firing()) return processing_time{lowest};
    if (const auto due = due_firing::next_due()) next = std::min(next, *due + 1);
  }
  if (next == highest) return std::nullopt;
  return processing_time{next};
}

template <accumulator Acc>
bool windows<Acc>::fire_processing(context& c, processing_time now, const bool& pause) {
  if (spec_.time == time_domain::processing && !fire_to(c, now.ns == highest ? highest : now.ns - 1, pause))
    return false;
  if (now.ns != highest && now.ns >= next_early_) {
    next_early_ = highest;
    fire_all_early(c);
  }
  return true;
}

}  // namespace millrace
