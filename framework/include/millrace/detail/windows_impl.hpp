#pragma once

#include "millrace/windows.hpp"

namespace millrace {

// Some of the record's windows may have fired, or it is too late for some by its own producer's account.
template <accumulator Acc>
template <class Update>
bool windows<Acc>::add_late(context& c, std::int64_t pane, Update&& update) {
  const auto against = c.late_against() == event_time::min() ? fired_to_ : c.late_against().ns;
  if (role() == engine::salt_role::collects) return send_late(pane, against, update);
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
  update(open == first ? r.at(pane, ring_size_) : r.late_at(pane, open));
  r.unfold();
  this->reschedule(r);
  for (const auto& [k, before] : corrected) {
    Acc now{};
    (void)result_of(r, k, now);
    send(c, k, window_firing::correction, now, before ? &*before : nullptr);
  }
  return true;
}

template <accumulator Acc>
void windows<Acc>::role_changed() {
  if (role() != engine::salt_role::collects || ring_size_ == 0) return;
  whole_ = panes_;
  whole_lateness_ns_ = spec_.allowed_lateness.count();
  panes_.span = panes_.step = 1;
  folds_ = false;
  spec_.allowed_lateness = {};
}

template <accumulator Acc>
std::string windows<Acc>::obstacle() const {
  if (spec_.time == time_domain::processing) return "goes by the clock, which differs from place to place";
  const auto* early = spec_.early_events != 0          ? "early_events"
                      : spec_.early_every.count() != 0 ? "early_every"
                                                       : nullptr;
  if (early == nullptr) return {};
  return "sends results early (" + std::string{early} + "), which wants all events of a key in one place";
}

template <accumulator Acc>
void windows<Acc>::merge_partial(context& c, std::int64_t at, bytes_view content) {
  const auto part = read_partial<Acc>(content);
  if (add(c, {at}, [&part](Acc& a) { a.merge(part); })) return;
  // What is too late was found to be so where it arrived, by the same rule.
  throw std::logic_error("a partial result of '" + name_ + "' came behind its windows");
}

// A late event goes on at once, alone, with the mark of what it is late against.
template <accumulator Acc>
template <class Update>
bool windows<Acc>::send_late(std::int64_t pane, std::int64_t against, Update&& update) {
  if (whole_.complete_at(whole_.last_window(pane)) + whole_lateness_ns_ <= against) {
    late_.take();
    return false;
  }
  Acc alone{};
  update(alone);
  send_partial(panes_.window(pane).start.ns, alone);
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
bool windows<Acc>::fire_touched(context& c, const bool& pause) {
  is_early_ = true;
  while (!touched_.empty()) {
    if (pause) return false;
    fire_touched_row(c, touched_.back());
    touched_.pop_back();
  }
  this->state().deselect();
  next_early_ = highest;
  is_early_ = false;
  return true;
}

template <accumulator Acc>
void windows<Acc>::fire_touched_row(context& c, engine::row_id row) {
  if (this->cell_in(row) == nullptr) return;
  this->state().select_row(row);
  auto& r = writable();
  if (!r.touched) return;  // another key's row by now
  if (!r.is_empty()) {
    const auto newest = panes_.last_window(r.newest);
    for (auto k = std::max(panes_.first_window(r.oldest(lowest, ring_size_)), next_window_); k <= newest; ++k) {
      if (result_of(r, k, value_)) send(c, k, window_firing::early, value_);
    }
  }
  r.touched = false;
}

template <accumulator Acc>
void windows<Acc>::skip() {
  if (!is_early_) return base::skip();
  if (this->cell_in(touched_.back()) != nullptr) {
    this->state().select_row(touched_.back());
    writable().touched = false;
    this->state().deselect();
  }
  touched_.pop_back();
}

template <accumulator Acc>
void windows<Acc>::settle(context& c, ring& r) {
  const auto k = panes_.last_complete(firing_at());
  if (panes_.complete_at(k) != firing_at()) return;
  value_ = Acc{};
  const auto first = k * panes_.step;
  const bool any = folds_ ? r.fold(first, first + panes_.span, k, ring_size_, value_)
                          : r.combine(first, first + panes_.span, k, ring_size_, value_);
  if (any) send(c, k, window_firing::complete, value_);
}

// Forgets the panes no window needs any more.
template <accumulator Acc>
void windows<Acc>::give_up(ring& r) {
  const auto ended = panes_.last_complete(firing_at() - spec_.allowed_lateness.count());
  if (!r.is_empty()) r.lingers = false;
  r.drop_before((ended + 1) * panes_.step, ring_size_);
}

// A cell that became empty stays for one window more: taking it out and putting it in again costs more than all else,
// and most keys come back.
template <accumulator Acc>
void windows<Acc>::put_off(ring& r) {
  r.due = ring::never;
  if (!r.is_empty()) return this->reschedule(r);
  if (r.lingers) return this->drop();
  r.lingers = true;
  look_at(r, panes_.complete_at(panes_.last_complete(firing_at()) + 1));
}

// A key is visited when its next window is complete, and when its oldest pane is needed no longer.
template <accumulator Acc>
std::int64_t windows<Acc>::due_of(const ring& r) const {
  const auto after = !is_firing() ? fired_to_ : firing_at();
  const auto oldest = r.oldest(lowest, ring_size_);
  const auto forget = panes_.complete_at(panes_.last_window(oldest)) + spec_.allowed_lateness.count();
  if (after == highest) return forget;  // behind the end of the input nothing waits
  const auto unfired = after == lowest ? lowest : panes_.last_complete(after) + 1;
  const auto waiting = after == lowest ? oldest : r.oldest(unfired * panes_.step, ring_size_);
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
void windows<Acc>::restart(event_time at) {
  touched_.clear();
  next_early_ = highest;
  is_early_ = false;
  fired_to_ = next_window_ = open_from_ = lowest;
  if (spec_.time == time_domain::event && at != event_time::min()) passed(at.ns);
}

template <accumulator Acc>
void windows<Acc>::restored(ring& r) {
  if (!r.touched) return;
  touched_.push_back(this->state().current_row());
  next_early_ = lowest;  // when it was due is not known any more: at once
}

template <accumulator Acc>
std::optional<processing_time> windows<Acc>::next_processing() const {
  auto next = next_early_;
  if (spec_.time == time_domain::processing) {
    if (is_firing()) return processing_time{lowest};
    if (const auto due = this->next_due()) next = std::min(next, *due + 1);
  }
  if (next == highest) return std::nullopt;
  return processing_time{next};
}

template <accumulator Acc>
bool windows<Acc>::fire_processing(context& c, processing_time now, const bool& pause) {
  if (spec_.time == time_domain::processing && !this->fire_to(c, now.ns == highest ? highest : now.ns - 1, pause))
    return false;
  return now.ns == highest || now.ns < next_early_ || fire_touched(c, pause);
}

}  // namespace millrace
