#include "millrace/chaos/faulty_channels.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace millrace::chaos {

namespace {

using engine::frame;
using engine::frame_kind;
using engine::receive_status;

// Whoever waits for a fault to be taken away looks so often.
constexpr std::int64_t look_again_ns = 10'000'000;
// A batch that is to come behind the next one does not wait longer for that: there may be none.
constexpr std::int64_t swap_ns_max = 50'000'000;

/// The receiver's end, and what is on its way for longer than it should be. What waits here is bounded by the
/// channel's credit, and by one barrier and one end.
class faulty_receiver final : public engine::channel_receiver {
public:
  faulty_receiver(std::unique_ptr<engine::channel_receiver> inner, fault_switch& faults, std::uint32_t channel,
                  const engine::clock& time, engine::task_host& host)
      : inner_{std::move(inner)}, faults_{faults}, channel_{channel}, time_{time}, host_{host} {}

  receive_status receive(frame& out) override {
    if (!faults_.is_on() && !is_holding_) [[likely]]
      return inner_->receive(out);
    return receive_late(out);
  }

  void give_credit(engine::credit c) override {
    const auto surplus = std::min(c.batches, copies_);
    copies_ -= surplus;
    c.batches -= surplus;
    if (faults_.is_on() && is_credit_held()) {
      owed_.batches += c.batches;
      owed_.bytes += c.bytes;
      is_holding_ = true;
      return;
    }
    if (c.batches != 0 || c.bytes != 0) inner_->give_credit(c);
  }

  [[nodiscard]] std::string failure() const override { return is_broken_ ? failure_ : inner_->failure(); }

private:
  using fault_ptr = fault_switch::list::value_type;
  struct lateness {
    fault_ptr by;
    std::int64_t ns = 0;
  };
  struct held_frame {
    std::int64_t due = 0;  ///< without what faults add
    frame what;
    std::vector<lateness> late{};
  };

  /// A fault that was taken away, or whose time is over, holds up nothing any more. One that is spent does: the
  /// lateness is what it had to do.
  static bool lasts(const armed_fault& f) {
    const auto state = f.state();
    return state == fault_state::active || state == fault_state::spent;
  }
  static std::int64_t due_of(const held_frame& f) {
    auto due = f.due;
    for (const auto& l : f.late) due += lasts(*l.by) ? l.ns : 0;
    return due;
  }

  receive_status receive_late(frame& out) {
    if (is_broken_) return receive_status::broken;
    const auto now = time_.steady_ns();
    const auto at_work = faults_.faults();
    for (frame f;;) {
      const auto got = inner_->receive(f);
      if (got == receive_status::broken) return got;
      if (got == receive_status::empty) break;
      admit(std::move(f), at_work, now);
      if (is_broken_) return receive_status::broken;
    }
    if (swapped_ && now >= swapped_->due) release_swapped(now);
    give_owed(at_work);
    return deliver(out, at_work, now);
  }

  receive_status deliver(frame& out, const fault_switch::list& at_work, std::int64_t now) {
    const bool is_cut = std::ranges::any_of(
        at_work, [](const auto& f) { return f->kind() == fault_kind::partition && f->is_active(); });
    if (!is_cut && !coming_.empty() && due_of(coming_.front()) <= now) {
      out = std::move(coming_.front().what);
      coming_.pop_front();
      return receive_status::received;
    }
    is_holding_ = !coming_.empty() || swapped_ || owed_.batches != 0 || owed_.bytes != 0;
    if (is_holding_) host_.wake_at(next_look(is_cut, now));
    return receive_status::empty;
  }

  [[nodiscard]] std::int64_t next_look(bool is_cut, std::int64_t now) const {
    auto next = now + look_again_ns;
    if (!is_cut && !coming_.empty()) next = std::min(next, due_of(coming_.front()));
    const bool is_swap_all = !is_cut && coming_.empty() && owed_.batches == 0 && owed_.bytes == 0;
    if (swapped_ && is_swap_all) return swapped_->due;
    return swapped_ ? std::min(next, swapped_->due) : next;
  }

  void admit(frame&& f, const fault_switch::list& at_work, std::int64_t now) {
    is_holding_ = true;
    held_frame held{now, {}};
    const auto delay = [&held](const fault_ptr& by, std::int64_t ns) { held.late.push_back({by, ns}); };
    bool is_doubled = false;
    bool is_swapped = false;
    for (const auto& fault : at_work) {
      if (!concerns(*fault, f) || !fault->strikes(channel_, f.count)) continue;
      switch (fault->kind()) {
        case fault_kind::delay:
        case fault_kind::barrier_delay:
          delay(fault, fault->parameter_ns("delay_ms"));
          break;
        case fault_kind::jitter:
          delay(fault, static_cast<std::int64_t>(static_cast<double>(fault->parameter_ns("jitter_ms")) *
                                                 fault->draw(channel_)));
          break;
        case fault_kind::bandwidth:
          delay(fault, std::max<std::int64_t>(0, line_free(fault, f.bytes, now) - due_of(held)));
          break;
        case fault_kind::drop:
        case fault_kind::barrier_drop:
          return;
        case fault_kind::corrupt:
          is_broken_ = true;
          failure_ = "injected: the frame at sequence " + std::to_string(f.first.value) + " cannot be read";
          return;
        case fault_kind::reset:
          coming_.clear();
          swapped_.reset();
          is_broken_ = true;
          failure_ = "injected: the channel was reset";
          return;
        case fault_kind::duplicate:
          is_doubled = true;
          break;
        case fault_kind::reorder:
          is_swapped = !swapped_;
          break;
        default:
          break;
      }
    }
    if (is_swapped) {
      swapped_ = held_frame{now + swap_ns_max, std::move(f)};
      return;
    }
    const bool is_data = f.kind == frame_kind::data;
    if (is_doubled) hold_copy(f, held);
    held.what = std::move(f);
    coming_.push_back(std::move(held));
    if (is_data && swapped_) release_swapped(now);
  }

  /// When a line that is as slow as the fault says has passed on so many bytes more.
  std::int64_t line_free(const fault_ptr& fault, std::uint64_t bytes, std::int64_t now) {
    std::erase_if(lines_, [](const auto& line) { return !lasts(*line.by); });
    auto at = std::ranges::find(lines_, fault, &lateness::by);
    if (at == lines_.end()) at = lines_.insert(at, {fault, now});
    at->ns = std::max(at->ns, now) +
             static_cast<std::int64_t>(static_cast<double>(bytes) * 1e9 / fault->parameter("bytes_per_s"));
    return at->ns;
  }

  /// What a kind of fault is about.
  static bool concerns(const armed_fault& fault, const frame& f) {
    switch (fault.kind()) {
      case fault_kind::drop:
      case fault_kind::duplicate:
      case fault_kind::reorder:
      case fault_kind::corrupt:
        return f.kind == frame_kind::data;
      case fault_kind::barrier_delay:
      case fault_kind::barrier_drop:
        return f.kind == frame_kind::barrier;
      case fault_kind::credit_stall:
        return false;  // counted where credit is given
      default:
        return true;
    }
  }

  /// A copy takes up nothing of the credit, so none comes back for it.
  void hold_copy(const frame& f, held_frame copy) {
    copy.what = f;
    copy.what.bytes = 0;
    ++copies_;
    coming_.push_back(std::move(copy));
  }
  void release_swapped(std::int64_t due) {
    coming_.push_back({due, std::move(swapped_->what)});
    swapped_.reset();
  }

  [[nodiscard]] bool is_credit_held() {
    return std::ranges::any_of(faults_.faults(), [this](const auto& f) {
      return f->kind() == fault_kind::credit_stall && f->strikes(channel_, 0);
    });
  }
  void give_owed(const fault_switch::list& at_work) {
    if (owed_.batches == 0 && owed_.bytes == 0) return;
    const bool is_held = std::ranges::any_of(
        at_work, [](const auto& f) { return f->kind() == fault_kind::credit_stall && f->is_active(); });
    if (!is_held) inner_->give_credit(std::exchange(owed_, {}));
  }

  std::unique_ptr<engine::channel_receiver> inner_;
  fault_switch& faults_;
  std::uint32_t channel_;
  const engine::clock& time_;
  engine::task_host& host_;
  bool is_holding_ = false;        // something waits here, whether faults are still on or not
  std::deque<held_frame> coming_;  // frames never overtake each other here, whenever they are due
  std::optional<held_frame> swapped_;
  std::uint32_t copies_ = 0;
  engine::credit owed_;
  std::vector<lateness> lines_;  // of faults that slow the channel down: until when each is taken
  bool is_broken_ = false;
  std::string failure_;
};

}  // namespace

result<engine::channel_factory::ends> faulty_channels::make(const engine::plan_channel& channel,
                                                            generation incarnation) {
  auto made = inner_.make(channel, incarnation);
  if (!made || !made->second) return made;
  made->second = std::make_unique<faulty_receiver>(std::move(made->second), faults_.channel(channel.id),
                                                   channel.id.value, time_, host_of_(channel.target));
  return made;
}

}  // namespace millrace::chaos
