#include "millrace/engine/output_lane.hpp"

#include <algorithm>
#include <utility>

namespace millrace::engine {

namespace {

constexpr std::size_t pool_batches = 256;
constexpr std::uint64_t pool_bytes = std::uint64_t{64} << 20;

bool needs_credit(const frame& f) noexcept {
  return f.kind == frame_kind::data || f.kind == frame_kind::watermark || f.kind == frame_kind::idle;
}

/// A negative control. The end stays: without it nothing would end.
void drop_events(frame_queue& from) {
  for (auto n = from.size(); n != 0 && from.front(); --n) {
    auto f = from.pop();
    if (f.kind != frame_kind::data) from.push_anyway(keep(std::move(f), 1));
  }
}

}  // namespace

credit_window credit_window::for_receiver_with(std::size_t channels) noexcept {
  const auto n = std::max<std::size_t>(channels, 1);
  return {static_cast<std::uint32_t>(std::clamp<std::size_t>(pool_batches / n, 4, 16)),
          std::clamp<std::uint64_t>(pool_bytes / n, std::uint64_t{1} << 20, std::uint64_t{8} << 20)};
}

void output_lane::tell(std::shared_ptr<channel_stats> stats, const clock& time) {
  told_ = std::move(stats);
  time_ = &time;
  tell_credit();
}

void output_lane::tell_credit() noexcept {
  if (told_ == nullptr) return;
  // What has used up its bytes is full, however few batches that took.
  told_->on_credit(has_credit() ? batches_in_flight() : std::max(batches_in_flight(), window_.batches),
                   window_.batches);
}

void output_lane::restore(sequence next) noexcept {
  next_ = next;
  if (told_ != nullptr) told_->on_restored_sender(next.value);
}

void output_lane::send_batch(const batch_ptr& records, event_time watermark, std::int64_t ingest_ns,
                             frame_traces_ptr traces) {
  auto f = stamped(frame_kind::data);
  f.count = records->size();
  f.watermark = watermark;
  f.ingest_ns = ingest_ns;
  f.body = records;
  f.traces = std::move(traces);
  if (told_ != nullptr) {
    told_->on_sent(next_.value, next_.value + f.count, ingest_ns, told_->wants_time() ? time_->steady_ns() : 0);
  }
  next_.value += f.count;
  said_idle_ = false;
  sent_watermark_ = watermark;
  push(std::move(f));
}

void output_lane::send_watermark(event_time watermark) {
  if (watermark <= sent_watermark_ || !is_free()) return;
  auto f = stamped(frame_kind::watermark);
  f.watermark = watermark;
  sent_watermark_ = watermark;
  said_idle_ = false;
  push(std::move(f));
}

void output_lane::send_idle() {
  if (said_idle_ || !is_free()) return;
  said_idle_ = true;
  push(stamped(frame_kind::idle));
}

void output_lane::send_barrier(epoch_id epoch) {
  auto f = stamped(frame_kind::barrier);
  f.epoch = epoch;
  push(std::move(f));
}

void output_lane::send_end() {
  auto f = stamped(frame_kind::end);
  f.watermark = event_time::max();
  push(std::move(f));
}

void output_lane::collect_credit() {
  credit c;
  bool is_changed = false;
  while (sender_->take_credit(c)) {
    is_changed = true;
    for (std::uint32_t i = 0; i < c.batches && !in_flight_bytes_.empty(); ++i) {
      bytes_left_ += static_cast<std::int64_t>(in_flight_bytes_.front());
      in_flight_bytes_.pop_front();
      ++batches_left_;
    }
  }
  if (now_ == receiver::there) {
    while (!waiting_.empty() && covers(waiting_.front())) {
      stamp_traces(waiting_.front());
      pass(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  } else {
    // Credit of a channel that is no more is none.
    if (now_ == receiver::behind) send_backlog();
    tend_backlog();
  }
  if (is_changed) tell_credit();
}

void output_lane::stamp_traces(frame& f) const {
  if (f.traces != nullptr) f.traces->sent_ns = time_->steady_ns() + wall_offset_ns_;
}

void output_lane::send_backlog() {
  while (!backlog_->empty() && !failure_) {
    const auto next = backlog_->front();
    if (!next) {
      failure_ = fatal_error(errc::io_error, "channel " + name_ +
                                                 ": what was kept on the disk for its receiver cannot be read back: " +
                                                 next.error().message);
      return;
    }
    if (!covers(**next)) return;
    const auto place = backlog_->place_of_front();
    auto f = backlog_->pop();
    if (resent_ != 0) --resent_;
    if (f.kind == frame_kind::barrier && f.epoch <= void_until_) continue;
    f.incarnation = stamp_.incarnation;
    stamp_traces(f);
    pass(std::move(f), place);
  }
  if (backlog_->empty()) now_ = receiver::there;
}

frame output_lane::stamped(frame_kind kind) const {
  auto f = stamp_;
  f.kind = kind;
  f.first = next_;
  return f;
}

bool output_lane::covers(const frame& f) const noexcept {
  return !needs_credit(f) || has_credit();
}

void output_lane::push(frame f) {
  if (now_ != receiver::there) {
    wait(std::move(f));
  } else if (waiting_.empty() && covers(f)) {
    if (f.traces != nullptr) f.traces->sent_ns = f.traces->emitted_ns;
    pass(std::move(f));
  } else {
    waiting_.push_back(std::move(f));
  }
  tell_credit();
}

void output_lane::wait(frame&& f) {
  // The newest watermark says what those before it said; but what the receiver has done with one that it had is done
  // once more in the same way.
  auto* const newest = backlog_->size() > resent_ ? backlog_->newest() : nullptr;
  if (newest != nullptr && f.kind == frame_kind::watermark && newest->kind == frame_kind::watermark) {
    newest->watermark = f.watermark;
    return;
  }
  if (f.kind == frame_kind::barrier) newest_barrier_ = f.epoch;
  backlog_->push_anyway(keep(std::move(f), retained_->may().batch_events));
  tend_backlog();
}

void output_lane::tend_backlog() {
  backlog_->tend();
  backlog_bytes_ = backlog_->memory_bytes();
}

void output_lane::retain(retention may, epoch_id epoch) {
  may.type = type_;
  may.stamp = stamp_;
  retained_ = std::make_unique<retained_frames>(std::move(may));
  retained_->mark(epoch);
}

void output_lane::part() noexcept {
  if (retained_ == nullptr) return;  // the region goes back
  now_ = receiver::away;
  if (!backlog_) backlog_.emplace(retained_->may(), frame_queue::urgency::needed);
  for (auto& f : std::exchange(waiting_, {})) wait(std::move(f));
  tell_credit();
}

void output_lane::epoch_complete(epoch_id epoch) {
  if (retained_ != nullptr) retained_->forget_before(epoch);
}

bool output_lane::reconnect(std::unique_ptr<channel_sender> sender, generation incarnation, epoch_id from) {
  if (retained_ == nullptr || !retained_->covers(from)) return false;
  sender_ = std::move(sender);
  stamp_.incarnation = incarnation;
  batches_left_ = window_.batches;
  bytes_left_ = static_cast<std::int64_t>(window_.bytes);
  in_flight_bytes_.clear();
  auto again = retained_->take_since(from);
  if (!retained_->may().sends_again) drop_events(again);
  resent_ += again.size();
  // Barriers that wait belong to epochs that were given up, and would only hold up the new receiver.
  void_until_ = newest_barrier_;
  if (backlog_) again.append(std::move(*backlog_));
  for (auto& f : std::exchange(waiting_, {})) {
    if (f.kind != frame_kind::barrier) again.push_anyway(keep(std::move(f), retained_->may().batch_events));
  }
  backlog_.emplace(std::move(again));
  now_ = receiver::behind;
  collect_credit();
  tell_credit();
  return true;
}

void output_lane::pass(frame&& f, const frame_queue::place& kept) {
  const auto counts = needs_credit(f);
  if (retained_ == nullptr) {
    count(counts, sender_->send(std::move(f)));
    return;
  }
  if (f.kind == frame_kind::barrier) {
    retained_->mark(f.epoch);
    (void)sender_->send(std::move(f));
    return;
  }
  if (kept.block != nullptr) {
    retained_->keep(kept);
    count(counts, sender_->send(std::move(f)));
    return;
  }
  auto copy = f;
  const auto bytes = sender_->send(std::move(f));
  retained_->keep(std::move(copy));
  count(counts, bytes);
}

void output_lane::count(bool needs_credit, std::uint64_t bytes) {
  if (!needs_credit) return;
  --batches_left_;
  // May go below zero by one batch, so that a batch larger than the window passes at all.
  bytes_left_ -= static_cast<std::int64_t>(bytes);
  in_flight_bytes_.push_back(bytes);
}

}  // namespace millrace::engine
