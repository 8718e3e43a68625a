#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "millrace/engine/channel.hpp"
#include "millrace/engine/channel_stats.hpp"
#include "millrace/engine/clock.hpp"
#include "millrace/engine/retained_frames.hpp"

namespace millrace::engine {

/// What a channel may have on its way: batches and bytes.
struct credit_window {
  std::uint32_t batches = 16;
  std::uint64_t bytes = std::uint64_t{8} << 20;

  /// Each of a receiver's channels gets an equal part of the receiver's pool, within limits: small ones starve the
  /// sender between two returns of credit, large ones only add latency.
  [[nodiscard]] static credit_window for_receiver_with(std::size_t channels) noexcept;
};

/// The sender's side of one channel: counts events, keeps within credit, holds back what credit does not cover yet.
///
/// What waits here is bounded: a task stops taking input as soon as something does. Only while its receiver is away, to
/// be rebuilt, and until that has caught up, a lane takes what comes and sends it as credit allows, so that the task's
/// other receivers do not wait for that one; of this it holds as much as it may retain: in memory, beyond that on the
/// disk, and then its task waits. Thread: owning task.
class output_lane {
public:
  output_lane(std::string name, frame stamp, std::unique_ptr<channel_sender> sender, credit_window window)
      : name_{std::move(name)},
        stamp_{std::move(stamp)},
        sender_{std::move(sender)},
        window_{window},
        batches_left_{window.batches},
        bytes_left_{static_cast<std::int64_t>(window.bytes)} {}

  /// Tells `stats` from now on, with the times of `time`.
  void tell(std::shared_ptr<channel_stats> stats, const clock& time);

  /// Stamps frames with traced records when they leave: steady clock of `time` plus `wall_offset_ns`.
  void stamp_with(const clock& time, std::int64_t wall_offset_ns) {
    time_ = &time;
    wall_offset_ns_ = wall_offset_ns;
  }

  /// `traces`: this lane's own; null: nothing in it is traced.
  void send_batch(const batch_ptr& records, event_time watermark, std::int64_t ingest_ns, frame_traces_ptr traces = {});
  /// Moves the receiver's watermark unless it already has it; does nothing while there is no credit.
  void send_watermark(event_time watermark);
  /// Tells the receiver once that nothing is expected until the next batch or watermark.
  void send_idle();
  /// Needs no credit: there is at most one barrier and one end in flight.
  void send_barrier(epoch_id epoch);
  void send_end();

  /// Takes credit that came back and sends what waited for it.
  void collect_credit();
  [[nodiscard]] bool is_free() const noexcept {
    if (now_ == receiver::there) return waiting_.empty() && has_credit();
    return backlog_bytes_ < retained_->may().bytes_max && !retained_->is_crowded();
  }
  /// It is not free until the disk has what it was given: nobody rings then.
  [[nodiscard]] bool waits_for_disk() const noexcept {
    return now_ != receiver::there && backlog_->may_find_room() && !is_free();
  }
  [[nodiscard]] std::uint32_t batches_in_flight() const noexcept {
    const auto held_back = waiting_.size() + (backlog_ ? backlog_->size() : 0);
    return static_cast<std::uint32_t>(window_.batches - batches_left_) + static_cast<std::uint32_t>(held_back);
  }
  [[nodiscard]] const credit_window& window() const noexcept { return window_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// What the channel carries.
  void carry(record_type_ptr type) { type_ = std::move(type); }
  /// From now on what is sent is retained, for a receiver that has to be rebuilt; `epoch` is what all starts from. The
  /// lane knows type and stamp.
  void retain(retention may, epoch_id epoch);
  /// The epoch is complete: what was sent before its barrier is not needed any more.
  void epoch_complete(epoch_id epoch);
  /// The receiver is gone and will be made anew: what comes now waits for that.
  void part() noexcept;
  /// The receiver was made anew from the snapshot of `from`: everything behind that barrier goes out again, over a
  /// channel of its new incarnation, as credit allows. False: not all of it was retained, and nothing was done.
  [[nodiscard]] bool reconnect(std::unique_ptr<channel_sender> sender, generation incarnation, epoch_id from);
  /// Why not all of it is retained, the last time that something was let go.
  [[nodiscard]] std::string why_not() const { return retained_ ? retained_->why_not() : std::string{}; }
  /// What its receiver needs cannot be read back: the lane sends no more, and its task has to go back.
  [[nodiscard]] const std::optional<error>& failure() const noexcept { return failure_; }

  [[nodiscard]] sequence next() const noexcept { return next_; }
  void restore(sequence next) noexcept;

private:
  enum class receiver : std::uint8_t { there, away, behind };

  void push(frame f);
  void wait(frame&& f);
  void tend_backlog();
  void send_backlog();
  void stamp_traces(frame& f) const;
  [[nodiscard]] frame stamped(frame_kind kind) const;
  [[nodiscard]] bool has_credit() const noexcept { return batches_left_ > 0 && bytes_left_ > 0; }
  [[nodiscard]] bool covers(const frame& f) const noexcept;
  void pass(frame&& f, const frame_queue::place& kept = {});
  void count(bool needs_credit, std::uint64_t bytes);
  void tell_credit() noexcept;

  std::string name_;
  frame stamp_;  // channel, ends and generation: the same in every frame
  std::unique_ptr<channel_sender> sender_;
  credit_window window_;
  std::shared_ptr<channel_stats> told_;  // null: nobody asks
  const clock* time_ = nullptr;
  std::int64_t wall_offset_ns_ = 0;
  record_type_ptr type_;
  std::unique_ptr<retained_frames> retained_;  // null: nothing is
  std::int64_t batches_left_;
  std::int64_t bytes_left_;
  // What is neither waiting nor given back, oldest first. The receiver counts the same sizes and gives credit back when
  // a quarter of the window, in batches or in bytes, is used up: a lane without credit always has more than that on its
  // way, so its credit always comes.
  std::deque<std::uint64_t> in_flight_bytes_;
  std::deque<frame> waiting_;  // for credit, while the receiver is there
  // For a receiver that is away or behind; bytes in memory as they were when somebody looked.
  std::optional<frame_queue> backlog_;
  std::uint64_t backlog_bytes_ = 0;
  std::uint64_t resent_ = 0;  // so many at the front were taken by an incarnation of the receiver that is no more
  epoch_id void_until_{};     // barriers that wait, up to this epoch, belong to epochs that were given up
  epoch_id newest_barrier_{};
  std::optional<error> failure_;
  receiver now_ = receiver::there;
  sequence next_{};
  event_time sent_watermark_ = event_time::min();
  bool said_idle_ = false;
};

}  // namespace millrace::engine
