#include "millrace/inspect/task_watch.hpp"

#include <algorithm>
#include <utility>

namespace millrace::inspect {

namespace {

std::uint64_t number_of(const engine::frame& f, std::uint32_t row, const std::vector<std::uint64_t>& places) {
  return row < places.size() ? places[row] : f.first.value + row;
}

}  // namespace

void task_watch::hand_over(task_watch& next) {
  const std::scoped_lock lock{mutex_, next.mutex_};
  next.armed_ = std::exchange(armed_, {});
  next.taps_ = std::exchange(taps_, {});
  next.passed_ = std::exchange(passed_, {});
  stopped_.reset();
  is_stopped_.store(false, std::memory_order_relaxed);
  stepping_ = nullptr;
  refresh();
  next.refresh();
}

void task_watch::see(const engine::frame& taken, std::uint32_t skip) {
  const std::lock_guard lock{mutex_};
  seen_ = {};  // of a batch before, whose memory this one may have
  for (const auto& t : taps_) {
    if (t.channel == taken.channel) t.to->offer(taken, skip);
  }
}

std::uint32_t task_watch::stop_row(const engine::frame& current, std::uint32_t cursor,
                                   const std::vector<std::uint64_t>& places) {
  const std::lock_guard lock{mutex_};
  if (stopped_) {
    if (!stopped_->at->is_over(time_->steady_ns())) return cursor;
    release();  // nobody renewed it
  }
  if (cursor >= current.count) return current.count;
  const auto number = number_of(current, cursor, places);
  if (stepping_ != nullptr) {
    const auto passed = passed_.find(current.channel);
    if (passed == passed_.end() || number >= passed->second) {
      return stand(current, cursor, number, std::exchange(stepping_, nullptr), true);
    }
    // The record it was let go past is still to be handled; then it stops.
    return cursor + 1;
  }
  if (armed_.empty()) return current.count;
  const bool is_known = seen_.records == current.body.get() && seen_.first == current.first && seen_.from <= cursor &&
                        cursor <= seen_.row && seen_.row <= current.count;
  if (!is_known) look_ahead(current, cursor, places);
  if (seen_.row != cursor || seen_.at == nullptr) return seen_.row;
  return stand(current, cursor, number, std::exchange(seen_, {}).at, false);
}

std::uint32_t task_watch::stand(const engine::frame& f, std::uint32_t row, std::uint64_t number,
                                std::shared_ptr<breakpoint> at, bool by_step) {
  at->hits.fetch_add(1, std::memory_order_relaxed);
  stopped_ = stop_place{std::move(at), by_step, f.channel, {number}, f.body, row, f.watermark, time_->steady_ns()};
  is_stopped_.store(true, std::memory_order_relaxed);
  seen_ = {};
  told_->stopped(*stopped_);
  return row;
}

void task_watch::look_ahead(const engine::frame& f, std::uint32_t cursor, const std::vector<std::uint64_t>& places) {
  seen_ = {f.body.get(), f.first, cursor, f.count, nullptr};
  auto from = cursor;
  if (const auto passed = passed_.find(f.channel); passed != passed_.end()) {
    while (from < f.count && number_of(f, from, places) < passed->second) ++from;
  }
  const auto now = time_->steady_ns();
  for (const auto& a : armed_) {
    if (a.channel != f.channel || from >= seen_.row || a.at->is_over(now)) continue;
    const auto row = first_hit(a, f, from);
    if (row >= seen_.row) continue;
    seen_.row = row;
    seen_.at = a.at;
  }
}

std::uint32_t task_watch::first_hit(const armed& a, const engine::frame& f, std::uint32_t from) {
  if (a.when == nullptr) return from;
  const auto found = a.when->first_in(*f.body, from, seen_.row);
  if (found.failures != 0 && a.at->failures.fetch_add(found.failures, std::memory_order_relaxed) == 0) {
    told_->failed(*a.at, found.first_failure);
  }
  return found.row;
}

void task_watch::add(channel_id channel, const std::shared_ptr<breakpoint>& b, std::shared_ptr<record_condition> when) {
  const std::lock_guard lock{mutex_};
  armed_.push_back({channel, b, std::move(when)});
  refresh();
}

void task_watch::remove(const breakpoint& b) {
  const std::lock_guard lock{mutex_};
  std::erase_if(armed_, [&](const armed& a) { return a.at.get() == &b; });
  if (stepping_.get() == &b) stepping_ = nullptr;
  if (stopped_ && stopped_->at.get() == &b) release();
  refresh();
}

void task_watch::add(channel_id channel, const std::shared_ptr<tap>& t) {
  const std::lock_guard lock{mutex_};
  taps_.push_back({channel, t});
  refresh();
}

void task_watch::remove(const tap& t) {
  const std::lock_guard lock{mutex_};
  std::erase_if(taps_, [&](const tapped& x) { return x.to.get() == &t; });
  refresh();
}

bool task_watch::go_on(bool one_record) {
  const std::lock_guard lock{mutex_};
  if (!stopped_) return false;
  if (one_record) stepping_ = stopped_->at;
  release();
  return true;
}

std::optional<stop_place> task_watch::stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

/// It goes on, and is not stopped by this record again.
void task_watch::release() {
  passed_[stopped_->channel] = stopped_->number.value + 1;
  stopped_.reset();
  is_stopped_.store(false, std::memory_order_relaxed);
  seen_ = {};
}

void task_watch::refresh() {
  seen_ = {};
  is_on_.store(!armed_.empty() || !taps_.empty(), std::memory_order_relaxed);
}

}  // namespace millrace::inspect
