#include "millrace/engine/retained_frames.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::engine {

namespace {

// Blocks, so that no epoch's end holds its task up.
constexpr int freed_an_epoch = 16;

std::string in_words(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  if (bytes >= kib * kib) return std::to_string(bytes / kib / kib) + " MiB";
  return std::to_string(bytes / kib) + " KiB";
}

std::string limit_of(const retention& may) {
  auto text = "there is room for " + in_words(may.bytes_max) + " a channel in memory";
  if (may.all != nullptr) text += ", for " + in_words(may.all->bytes_max()) + " of all channels";
  if (may.disk == nullptr) return text;
  const auto disk = may.disk->status();
  text += ", and for " + in_words(disk.bytes_max) + " on the disk";
  return disk.refused.empty() ? text : text + ", which takes nothing now: " + disk.refused;
}

}  // namespace

void retained_frames::mark(epoch_id epoch) {
  markers_.push_back({epoch, first_ + entries_.size()});
  is_keeping_ = true;
}

void retained_frames::keep(frame&& f) {
  if (!is_keeping_) {
    (void)entries_.free_some();
    return;
  }
  // What was traced on its way once is not traced again: the traces are with whoever had it.
  f.traces = nullptr;
  if (!entries_.push(engine::keep(std::move(f), may_.batch_events))) let_go();
}

void retained_frames::keep(const frame_queue::place& p) {
  if (is_keeping_) entries_.push_place(p);
}

void retained_frames::let_go() {
  why_not_ = limit_of(may_);
  entries_.clear();
  markers_.clear();
  first_ = 0;
  is_keeping_ = false;
}

void retained_frames::forget_before(epoch_id epoch) {
  // A lane that sends nothing more would keep what it dropped for ever.
  for (int i = 0; i < freed_an_epoch && entries_.free_some(); ++i) {
  }
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return;
  entries_.drop_front(at->at - first_);
  first_ = at->at;
  markers_.erase(markers_.begin(), at);
}

bool retained_frames::covers(epoch_id epoch) const {
  return std::ranges::find(markers_, epoch, &marker::epoch) != markers_.end();
}

frame_queue retained_frames::take_since(epoch_id epoch) {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return frame_queue{may_, frame_queue::urgency::needed};
  auto out = entries_.split(at->at - first_, frame_queue::urgency::needed);
  markers_.erase(std::next(at), markers_.end());
  return out;
}

}  // namespace millrace::engine
