#include "millrace/engine/retained_frames.hpp"

#include <algorithm>

namespace millrace::engine {

void retained_frames::mark(epoch_id epoch) {
  markers_.push_back({epoch, first_ + entries_.size()});
  is_keeping_ = true;
}

void retained_frames::keep(const frame& f, std::uint64_t bytes) {
  if (!is_keeping_) return;
  // What a batch takes up in memory, whether or not it travelled as bytes.
  bytes_ += sizeof(entry) + (f.body ? f.body->bytes() : 0);
  if (bytes_ > bytes_max_) {
    let_go();
    return;
  }
  entries_.push_back({f, bytes});
}

void retained_frames::let_go() {
  entries_.clear();
  markers_.clear();
  first_ = 0;
  bytes_ = 0;
  is_keeping_ = false;
}

void retained_frames::forget_before(epoch_id epoch) {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return;
  for (; first_ < at->at; ++first_) {
    const auto& oldest = entries_.front().what;
    bytes_ -= sizeof(entry) + (oldest.body ? oldest.body->bytes() : 0);
    entries_.pop_front();
  }
  markers_.erase(markers_.begin(), at);
}

bool retained_frames::covers(epoch_id epoch) const {
  return std::ranges::find(markers_, epoch, &marker::epoch) != markers_.end();
}

void retained_frames::for_each_since(epoch_id epoch, const std::function<void(const entry&)>& visit) const {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return;
  for (auto i = at->at - first_; i < entries_.size(); ++i) visit(entries_[i]);
}

}  // namespace millrace::engine
