#include "millrace/engine/epoch_coordinator.hpp"

#include <algorithm>
#include <utility>

namespace millrace::engine {

namespace {

/// Where there is no interval: before what was asked for is tried again.
constexpr std::chrono::seconds retry_pause{5};

}  // namespace

bool epoch_coordinator::is_due(std::int64_t now_ns) const noexcept {
  if (open_ || finished_) return false;
  // After a failure the next attempt waits for the interval, so that a full disk is not hammered.
  const bool is_alone = timing_.interval.count() == 0 && !next_is_last();
  const std::chrono::nanoseconds retried_after =
      is_alone ? retry_pause : std::max<std::chrono::nanoseconds>(timing_.interval, std::chrono::milliseconds{100});
  const auto pause = failures_ == 0 ? std::chrono::nanoseconds{0} : retried_after;
  if (requested_ || last_requested_ || all_ended()) return now_ns - idle_since_ns_ >= pause.count();
  return timing_.interval.count() > 0 && now_ns - started_ns_ >= timing_.interval.count();
}

std::optional<std::int64_t> epoch_coordinator::next_due() const noexcept {
  if (open_) return started_ns_ + timing_.timeout.count();
  if (finished_ || timing_.interval.count() == 0) return std::nullopt;
  return started_ns_ + timing_.interval.count();
}

void epoch_coordinator::request(bool last) noexcept {
  requested_ = true;
  last_requested_ = last_requested_ || last;
}

void epoch_coordinator::start(const epoch_target& target, std::int64_t now_ns) {
  open_ = target;
  is_open_requested_ = std::exchange(requested_, false);
  started_ns_ = now_ns;
  parts_.clear();
  parts_in_.assign(parts_in_.size(), false);
}

std::optional<std::vector<task_snapshot>> epoch_coordinator::on_part(task_snapshot&& part) {
  if (!open_ || part.target.epoch != open_->epoch || parts_in_[part.task.value]) return std::nullopt;
  parts_in_[part.task.value] = true;
  parts_.push_back(std::move(part));
  if (parts_.size() < parts_in_.size()) return std::nullopt;
  std::sort(parts_.begin(), parts_.end(), [](const auto& a, const auto& b) { return a.task < b.task; });
  return std::exchange(parts_, {});
}

void epoch_coordinator::on_complete(std::int64_t now_ns) {
  if (!open_) return;
  finished_ = open_->last;
  failures_ = 0;
  close(now_ns);
}

void epoch_coordinator::on_abort(std::int64_t now_ns, bool is_failure) {
  if (!open_) return;
  if (is_failure && failures_++ == 0) failing_since_ns_ = started_ns_;
  requested_ = requested_ || is_open_requested_ || open_->last;
  close(now_ns);
}

std::optional<epoch_id> epoch_coordinator::overdue(std::int64_t now_ns) const noexcept {
  if (!open_ || now_ns - started_ns_ < timing_.timeout.count()) return std::nullopt;
  return open_->epoch;
}

std::optional<epoch_id> epoch_coordinator::open() const noexcept {
  if (!open_) return std::nullopt;
  return open_->epoch;
}

bool epoch_coordinator::all_ended() const noexcept {
  return known_ == ended_ && std::find(known_.begin(), known_.end(), generation{}) == known_.end();
}

void epoch_coordinator::close(std::int64_t now_ns) {
  open_.reset();
  parts_.clear();
  idle_since_ns_ = now_ns;
}

}  // namespace millrace::engine
