#include "millrace/engine/output_lane.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::engine {

namespace {

constexpr std::size_t pool_batches = 256;
constexpr std::uint64_t pool_bytes = std::uint64_t{64} << 20;

bool needs_credit(const frame& f) noexcept {
  return f.kind == frame_kind::data || f.kind == frame_kind::watermark || f.kind == frame_kind::idle;
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
  if (now_ == receiver::away) return;  // what came back was of a channel that is no more
  while (!waiting_.empty() && covers(waiting_.front())) {
    if (auto& t = waiting_.front().traces; t != nullptr) t->sent_ns = time_->steady_ns() + wall_offset_ns_;
    if (now_ == receiver::behind) set_waiting_bytes(waiting_bytes_ - kept_bytes(waiting_.front()));
    if (resent_ != 0) --resent_;
    pass(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (waiting_.empty()) now_ = receiver::there;
  if (is_changed) tell_credit();
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
  const bool is_new = waiting_.size() > resent_;
  if (is_new && f.kind == frame_kind::watermark && waiting_.back().kind == frame_kind::watermark) {
    waiting_.back().watermark = f.watermark;
    return;
  }
  set_waiting_bytes(waiting_bytes_ + kept_bytes(f));
  waiting_.push_back(std::move(f));
}

void output_lane::set_waiting_bytes(std::uint64_t bytes) noexcept {
  retained_->waits(bytes);
  waiting_bytes_ = bytes;
}

void output_lane::retain(std::uint64_t bytes_max, epoch_id epoch, retained_budget* all) {
  retained_ = std::make_unique<retained_frames>(bytes_max, all);
  retained_->mark(epoch);
}

void output_lane::part() noexcept {
  if (retained_ == nullptr) return;  // the region goes back
  now_ = receiver::away;
  std::uint64_t bytes = 0;
  for (const auto& f : waiting_) bytes += kept_bytes(f);
  set_waiting_bytes(bytes);
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
  auto unsent = std::exchange(waiting_, retained_->take_since(from));
  resent_ += waiting_.size();
  // What was traced on its way once is not traced again: the traces are with whoever had it.
  for (auto& f : waiting_) f.traces = nullptr;
  // Barriers that wait belong to epochs that were given up, and would only hold up the new receiver.
  std::erase_if(unsent, [](const frame& f) { return f.kind == frame_kind::barrier; });
  std::ranges::move(unsent, std::back_inserter(waiting_));
  now_ = receiver::behind;
  std::uint64_t bytes = 0;
  for (auto& f : waiting_) {
    f.incarnation = incarnation;
    bytes += kept_bytes(f);
  }
  set_waiting_bytes(bytes);
  collect_credit();
  tell_credit();
  return true;
}

void output_lane::pass(frame&& f) {
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
  const auto kept = f;
  const auto bytes = sender_->send(std::move(f));
  retained_->keep(kept);
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
