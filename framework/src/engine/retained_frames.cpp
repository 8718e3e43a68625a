#include "millrace/engine/retained_frames.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::engine {

void retained_frames::mark(epoch_id epoch) {
  markers_.push_back({epoch, first_ + entries_.size()});
  is_keeping_ = true;
}

void retained_frames::keep(const frame& f) {
  if (!is_keeping_) return;
  const auto bytes = kept_bytes(f);
  if (bytes_ + bytes > bytes_max_ || (all_ != nullptr && !all_->take(bytes))) {
    let_go();
    return;
  }
  bytes_ += bytes;
  entries_.push_back(f);
}

void retained_frames::give_back(std::uint64_t bytes) {
  bytes_ -= bytes;
  if (all_ != nullptr) all_->give_back(bytes);
}

void retained_frames::waits(std::uint64_t bytes) noexcept {
  if (all_ != nullptr && bytes > waiting_) all_->take_anyway(bytes - waiting_);
  if (all_ != nullptr && bytes < waiting_) all_->give_back(waiting_ - bytes);
  waiting_ = bytes;
}

void retained_frames::let_go() {
  entries_.clear();
  markers_.clear();
  first_ = 0;
  give_back(bytes_);
  is_keeping_ = false;
}

void retained_frames::forget_before(epoch_id epoch) {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return;
  for (; first_ < at->at; ++first_) {
    give_back(kept_bytes(entries_.front()));
    entries_.pop_front();
  }
  markers_.erase(markers_.begin(), at);
}

bool retained_frames::covers(epoch_id epoch) const {
  return std::ranges::find(markers_, epoch, &marker::epoch) != markers_.end();
}

std::deque<frame> retained_frames::take_since(epoch_id epoch) {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return {};
  const auto from = entries_.begin() + static_cast<std::ptrdiff_t>(at->at - first_);
  std::deque<frame> out{std::make_move_iterator(from), std::make_move_iterator(entries_.end())};
  entries_.erase(from, entries_.end());
  markers_.erase(std::next(at), markers_.end());
  for (const auto& f : out) give_back(kept_bytes(f));
  return out;
}

}  // namespace millrace::engine
