#include "millrace/engine/task_journal.hpp"

#include <algorithm>

namespace millrace::engine {

void task_journal::mark(epoch_id epoch) {
  // While the past is repeated no barrier comes: the coordinator waits for the task.
  markers_.push_back({epoch, first_ + runs_.size()});
  starts_run_ = true;
}

void task_journal::forget_before(epoch_id epoch) {
  const auto* m = find(epoch);
  if (m == nullptr) return;
  for (; first_ < m->at; ++first_) runs_.pop_front();
  while (markers_.front().epoch != epoch) markers_.pop_front();
}

void task_journal::took(std::uint32_t input) {
  if (markers_.empty() || markers_.back().spoilt != nullptr) return;
  if (!starts_run_ && runs_.back().input == input) {
    ++runs_.back().frames;
    return;
  }
  if (runs_.size() >= entries_max) return spoil("too much has come since the last snapshot");
  runs_.push_back({input, 1});
  starts_run_ = false;
}

void task_journal::spoil(const char* why) {
  if (!markers_.empty() && markers_.back().spoilt == nullptr) markers_.back().spoilt = why;
}

const task_journal::marker* task_journal::find(epoch_id epoch) const {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  return at == markers_.end() ? nullptr : &*at;
}

std::string task_journal::obstacle(epoch_id epoch) const {
  const auto at = std::ranges::find(markers_, epoch, &marker::epoch);
  if (at == markers_.end()) return "its journal does not go back to snapshot " + std::to_string(epoch.value);
  for (auto m = at; m != markers_.end(); ++m) {
    if (m->spoilt != nullptr) return m->spoilt;
  }
  return {};
}

void task_journal::rewind(epoch_id epoch) {
  const auto* m = find(epoch);
  replay_run_ = m == nullptr ? first_ + runs_.size() : m->at;
  replay_frames_ = 0;
  replay_end_ = first_ + runs_.size();
  // Later barriers were those of epochs that came to nothing.
  while (!markers_.empty() && m != nullptr && markers_.back().epoch != epoch) markers_.pop_back();
  starts_run_ = true;
}

std::optional<std::uint32_t> task_journal::next_replayed() const {
  if (replay_run_ >= replay_end_) return std::nullopt;
  return runs_[replay_run_ - first_].input;
}

void task_journal::advance() {
  if (++replay_frames_ < runs_[replay_run_ - first_].frames) return;
  replay_frames_ = 0;
  ++replay_run_;
}

}  // namespace millrace::engine
