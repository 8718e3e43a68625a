#pragma once

#include <memory>
#include <string>

#include "millrace/convert.hpp"
#include "millrace/engine/channel.hpp"
#include "millrace/engine/channel_stats.hpp"
#include "millrace/engine/output_lane.hpp"
#include "millrace/engine/task_stats.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// The receiver's side of one channel: checks sequences, trims what was seen before, gives credit back.
/// Thread: owning task.
class input_channel {
public:
  /// Negative controls: `unchecked` takes gaps, `repeats` takes what was seen before.
  enum class order { strict, unchecked, repeats };

  input_channel(std::string name, std::uint32_t input, std::unique_ptr<channel_receiver> receiver,
                std::shared_ptr<const converter> to_input, credit_window window, generation incarnation)
      : name_{std::move(name)},
        input_{input},
        receiver_{std::move(receiver)},
        to_input_{std::move(to_input)},
        window_{window},
        incarnation_{incarnation} {}

  /// Tells `stats` from now on.
  void tell(std::shared_ptr<channel_stats> stats) { told_ = std::move(stats); }

  enum class arrival { none, data, watermark, barrier, end, idle };
  /// Takes the next frame; `skip` is how many of its first records were handled before. Errors: a gap in the sequence,
  /// or a frame that cannot be read.
  [[nodiscard]] result<arrival> receive(frame& out, std::uint32_t& skip, order check, task_stats& stats);
  /// The frame was dealt with: its credit goes back, every quarter of the window.
  void done(const frame& f);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint32_t input() const noexcept { return input_; }
  [[nodiscard]] sequence expected() const noexcept { return expected_; }
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  void restore(sequence expected, bool ended) noexcept {
    expected_ = expected;
    ended_ = ended;
    if (told_ != nullptr) told_->on_restored_receiver(expected.value);
  }
  /// The sender was made anew: what it sends comes over this channel, from the snapshot it started from on; what was
  /// received before is trimmed.
  void reconnect(std::unique_ptr<channel_receiver> receiver, generation incarnation) {
    receiver_ = std::move(receiver);
    incarnation_ = incarnation;
    owed_ = {};
    hold(0);
  }
  /// When the batch just received was sent; 0: that was not noted.
  [[nodiscard]] std::int64_t sent_at(const frame& f) noexcept {
    return told_ == nullptr ? 0 : told_->on_taken(f.first.value, f.first.value + f.count);
  }
  /// Not read until a barrier has come on the task's other inputs, too; 0: it is read again.
  void hold(std::int64_t since) noexcept {
    if (told_ != nullptr) told_->on_held(since);
  }

private:
  [[nodiscard]] arrival take_data(frame& f, std::uint32_t& skip, task_stats& stats);
  [[nodiscard]] error gap(sequence first) const;

  std::string name_;
  std::uint32_t input_;
  std::unique_ptr<channel_receiver> receiver_;
  std::shared_ptr<const converter> to_input_;
  credit_window window_;
  std::shared_ptr<channel_stats> told_;  // null: nobody asks
  generation incarnation_;
  sequence expected_{};
  bool ended_ = false;
  credit owed_;
};

}  // namespace millrace::engine
