#include "millrace/patterns/matcher.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace millrace::patterns {

struct matcher::arrival {
  match_store& store;
  const conditions& with;
  event_time at;
  std::uint64_t position;
  std::uint32_t slot;
  std::uint32_t known = 0;  ///< simple conditions asked already, a bit a stage
  std::uint32_t met = 0;
};

namespace {

constexpr std::uint64_t bit(std::size_t i) noexcept {
  return std::uint64_t{1} << i;
}

/// The order in which matches found at the same moment come out.
void put_in_order(const match_store& store, std::vector<partial_match>& all) {
  if (all.size() < 2) return;
  std::ranges::sort(all, [&](const partial_match& a, const partial_match& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.size != b.size) return a.size > b.size;
    const auto left = chain{store, a.tip}.nodes();
    const auto right = chain{store, b.tip}.nodes();
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i]->position != right[i]->position) return left[i]->position < right[i]->position;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i]->stage != right[i]->stage) return left[i]->stage < right[i]->stage;
    }
    return false;
  });
}

/// Gives references back also when a listener throws.
template <class Release>
class at_exit {
public:
  explicit at_exit(Release r) : release_{std::move(r)} {}
  at_exit(const at_exit&) = delete;
  at_exit& operator=(const at_exit&) = delete;
  ~at_exit() { release_(); }

private:
  Release release_;
};

}  // namespace

const path& matcher::path_of(const partial_match& p) const noexcept {
  return automaton_->at(p.stage, p.count);
}

event_time matcher::deadline_of(const partial_match& p) const noexcept {
  const auto& within = automaton_->what().within;
  if (!within || p.first_at.ns > std::numeric_limits<std::int64_t>::max() - within->count()) return event_time::max();
  return p.first_at + *within;
}

std::optional<event_time> matcher::deadline(const match_store& store) const noexcept {
  if (!automaton_->what().within || store.partials().empty()) return std::nullopt;
  return deadline_of(store.partials().front());
}

bool matcher::waits_for_end(const match_store& store) const noexcept {
  return !automaton_->what().within &&
         std::ranges::any_of(store.partials(), [&](const partial_match& p) { return may_end(p); });
}

bool matcher::is_alive(const partial_match& p) const noexcept {
  const auto& steps = path_of(p).steps;
  for (std::size_t i = 0; i < steps.size() && i < p.cut; ++i) {
    if (steps[i].what != step::kind::guard && (p.closed & bit(i)) == 0) return true;
  }
  return false;
}

bool matcher::may_end(const partial_match& p) const noexcept {
  const auto& steps = path_of(p).steps;
  if (steps.empty() || steps.back().what != step::kind::end) return false;
  return p.cut >= steps.size() && (p.closed & bit(steps.size() - 1)) == 0;
}

std::optional<std::uint32_t> matcher::take(match_store& store, const conditions& with, event_time at) {
  arrival a{store, with, at, store.newest() + 1, store.hold_slot()};
  found_at_ = at;
  next_.clear();
  made_.clear();
  found_.clear();
  dead_.clear();
  try {
    for (auto p : store.partials()) {
      advance(a, p, path_of(p));
      (is_alive(p) ? next_ : dead_).push_back(p);
      next_.insert(next_.end(), made_.begin(), made_.end());
      made_.clear();
    }
    partial_match beginning{.first = a.position, .last = a.position - 1, .first_at = at};
    advance(a, beginning, automaton_->beginning());
    next_.insert(next_.end(), made_.begin(), made_.end());
  } catch (...) {
    // What was there before keeps its nodes: only the new ones go.
    next_.insert(next_.end(), made_.begin(), made_.end());
    next_.insert(next_.end(), dead_.begin(), dead_.end());
    std::erase_if(next_, [&](const partial_match& p) { return p.last != a.position; });
    forget(store, next_);
    forget(store, found_);
    (void)store.let_go(a.slot);
    freed_.clear();
    throw;
  }
  store.count_event();
  std::swap(store.partials(), next_);
  forget(store, dead_);
  limit(store);
  if (!store.let_go(a.slot)) return std::nullopt;
  return a.slot;
}

bool matcher::holds(arrival& a, const partial_match& p, std::uint32_t stage) {
  if (!a.with.is_simple(stage)) return a.with.holds(stage, chain{a.store, p.tip});
  const auto mask = std::uint32_t{1} << stage;
  if ((a.known & mask) == 0) {
    a.known |= mask;
    if (a.with.holds(stage, chain{})) a.met |= mask;
  }
  return (a.met & mask) != 0;
}

/// The rules of docs/patterns.md as steps: a step that is over is closed, one that bars those behind it cuts them off.
void matcher::advance(arrival& a, partial_match& p, const path& way) {
  const bool is_next = a.position == p.last + 1;
  for (std::size_t i = 0; i < way.steps.size() && i < p.cut; ++i) {
    const auto& s = way.steps[i];
    if ((p.closed & bit(i)) != 0) continue;
    if (s.what == step::kind::end) {
      if (s.is_lasting) break;
      p.closed |= bit(i);
      p.is_accepted = true;
      a.store.use(p.tip);
      found_.push_back(p);
      break;
    }
    if (s.how == contiguity::strict) p.closed |= bit(i);
    if ((s.how == contiguity::strict && !is_next) || !holds(a, p, s.stage)) continue;
    if (s.what == step::kind::guard) {
      p.cut = static_cast<std::uint8_t>(i);
      break;
    }
    if (s.how == contiguity::relaxed) p.closed |= bit(i);
    extend(a, p, s);
    if (!s.is_greedy) continue;
    p.cut = static_cast<std::uint8_t>(i + 1);
    break;
  }
}

void matcher::extend(arrival& a, partial_match& p, const step& s) {
  if (p.size >= limits_.events_max) {
    ++dropped_;
    is_over_ = limits_.overflow == overflow_rule::fail;
    return;
  }
  p.is_extended = true;
  partial_match made{
      .first = p.first, .last = a.position, .first_at = p.first_at, .size = p.size + 1, .stage = s.stage};
  made.count = p.tip != no_node && p.stage == s.stage ? p.count + 1 : 1;
  made.tip = a.store.add(p.tip, a.slot, s.stage, a.position, a.at);
  if (path_of(made).accepts) {
    made.is_accepted = true;
    a.store.use(made.tip);
    found_.push_back(made);
  }
  (is_alive(made) ? made_ : dead_).push_back(made);
}

void matcher::limit(match_store& store) {
  auto& all = store.partials();
  if (all.size() <= limits_.partial_max) return;
  auto& gone = dead_;
  gone.clear();
  if (limits_.overflow == overflow_rule::drop_oldest) {
    auto end = all.begin() + static_cast<std::ptrdiff_t>(all.size() - limits_.partial_max);
    while (end != all.end() && end->first == (end - 1)->first) ++end;
    gone.assign(all.begin(), end);
    all.erase(all.begin(), end);
  } else {
    is_over_ = is_over_ || limits_.overflow == overflow_rule::fail;
    for (auto i = all.size(); i-- != 0 && all.size() > limits_.partial_max;) {
      if (all[i].last != store.newest()) continue;
      gone.push_back(all[i]);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  dropped_ += gone.size();
  forget(store, gone);
}

void matcher::emit(match_store& store, match_listener& to) {
  const at_exit give_back{[&] { forget(store, found_); }};
  put_in_order(store, found_);
  ranges_.clear();
  for (const auto& p : found_) {
    if (std::ranges::any_of(ranges_, [&](const range& r) { return r.has(p.first); })) continue;
    const auto over = dropped_by(store, p);
    ranges_.push_back(over);
    drop(store, over);
    to.on_match(chain{store, p.tip}, found_at_);
  }
  if (!std::exchange(is_over_, false)) return;
  throw std::runtime_error("a key has more partial matches than its limit of " + std::to_string(limits_.partial_max) +
                           " or one of more than " + std::to_string(limits_.events_max) +
                           " events; those too many were dropped");
}

matcher::range matcher::dropped_by(const match_store& store, const partial_match& p) const {
  const auto& d = automaton_->what();
  const chain events{store, p.tip};
  const node* to = nullptr;
  switch (d.skip) {
    case skip_rule::none:
      return {p.first, p.first};
    case skip_rule::to_next:
      return {p.first, p.first + 1};
    case skip_rule::past_last:
      return {p.first, p.last + 1};
    case skip_rule::to_first_of:
      to = events.first_of(static_cast<std::uint32_t>(*d.find(d.skip_stage)));
      break;
    case skip_rule::to_last_of:
      to = events.last_of(static_cast<std::uint32_t>(*d.find(d.skip_stage)));
      break;
  }
  return {p.first, to == nullptr ? p.first : to->position};
}

void matcher::drop(match_store& store, range r) {
  if (r.from >= r.to) return;
  auto& all = store.partials();
  const auto from = std::ranges::lower_bound(all, r.from, {}, &partial_match::first);
  const auto to = std::ranges::lower_bound(all, r.to, {}, &partial_match::first);
  for (auto p = from; p != to; ++p) store.release(p->tip, freed_);
  all.erase(from, to);
}

void matcher::forget(match_store& store, std::vector<partial_match>& gone) {
  for (const auto& p : gone) store.release(p.tip, freed_);
  gone.clear();
}

void matcher::expire(match_store& store, event_time now, match_listener& to) {
  if (!automaton_->what().within) return;
  while (!store.partials().empty() && deadline_of(store.partials().front()) <= now) {
    end_group(store, deadline_of(store.partials().front()), true, to);
  }
}

void matcher::finish(match_store& store, match_listener& to) {
  const bool has_end = automaton_->what().within.has_value();
  while (!store.partials().empty()) {
    const auto& next = store.partials().front();
    end_group(store, has_end ? deadline_of(next) : store.at(next.tip).at, has_end, to);
  }
}

/// The end of all partial matches that begin with the same event: matches that waited for it, then those that got
/// stuck.
void matcher::end_group(match_store& store, event_time at, bool with_timeouts, match_listener& to) {
  auto& all = store.partials();
  const auto first = all.front().first;
  const auto end = std::ranges::find_if(all, [&](const partial_match& p) { return p.first != first; });
  group_.assign(all.begin(), end);
  all.erase(all.begin(), end);
  const at_exit give_back{[&] { forget(store, group_); }};
  put_in_order(store, group_);
  for (const auto& p : group_) {
    if (!may_end(p)) continue;
    const auto over = dropped_by(store, p);
    drop(store, over);
    to.on_match(chain{store, p.tip}, at);
    if (over.has(first)) return;
  }
  for (const auto& p : group_) {
    if (with_timeouts && !p.is_extended && !p.is_accepted && !may_end(p)) to.on_timeout(chain{store, p.tip}, at);
  }
}

}  // namespace millrace::patterns
