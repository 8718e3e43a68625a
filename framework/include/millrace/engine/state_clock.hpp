#pragma once

#include <cstdint>
#include <limits>

#include "millrace/column.hpp"
#include "millrace/time.hpp"
#include "millrace/value.hpp"

namespace millrace::engine {

/// What time it is for the state an actor keeps: what its times to live are measured against.
///
/// Event time is that of the record or timer at work; of a late record it is what the record is late against, and of
/// one without event time the watermark. The first three are the same in every run, and none lies behind the watermark,
/// so what was freed by the watermark is never missed. Processing time is that of the step. Thread: owning task.
class state_clock {
public:
  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();

  void set_processing(processing_time now) noexcept { processing_ = now.ns; }
  /// The end of all input is no moment: what is left stays.
  void set_watermark(event_time t) noexcept {
    if (t != event_time::max()) watermark_ = t.ns;
  }
  /// From now on a batch is handled; `cursor` is the record at work. Must live until `leave`.
  void enter_batch(const column& times, const std::uint32_t& cursor, event_time late_against) noexcept {
    times_ = times;
    late_against_ = late_against.ns;
    cursor_ = &cursor;
  }
  /// A timer is at work.
  void enter_timer(event_time deadline) noexcept { timer_ = deadline.ns; }
  void leave() noexcept {
    cursor_ = nullptr;
    timer_ = unknown;
  }

  [[nodiscard]] std::int64_t processing() const noexcept { return processing_; }
  [[nodiscard]] std::int64_t watermark() const noexcept { return watermark_; }
  [[nodiscard]] std::int64_t event() const noexcept {
    // A timer sees the state as of its deadline, however far the watermark has jumped.
    if (timer_ != unknown) return timer_ == event_time::max().ns ? watermark_ : timer_;
    const auto at = cursor_ == nullptr ? unknown : time_of(times_.first + *cursor_ * times_.stride);
    if (at == unknown) return watermark_;
    return at > late_against_ ? at : late_against_;
  }

private:
  [[nodiscard]] std::int64_t time_of(const std::byte* at) const noexcept {
    if (times_.kind == column_kind::event_time) return reinterpret_cast<const event_time*>(at)->ns;
    if (times_.kind != column_kind::value) return unknown;
    const auto& v = *reinterpret_cast<const value*>(at);
    return v.kind() == value_kind::event_time ? v.as_time().ns : unknown;
  }

  column times_{};
  const std::uint32_t* cursor_ = nullptr;
  std::int64_t timer_ = unknown;
  std::int64_t late_against_ = unknown;
  std::int64_t watermark_ = unknown;
  std::int64_t processing_ = 0;
};

}  // namespace millrace::engine
