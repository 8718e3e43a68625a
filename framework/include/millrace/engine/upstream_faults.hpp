#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "millrace/chaos/task_gate.hpp"
#include "millrace/context.hpp"
#include "millrace/engine/task_outputs.hpp"

namespace millrace::engine {

/// What faults make of the input that a producer reads: an upstream that gives the same again, goes back, sends what
/// cannot be read, or much in a short time. It comes after what the producer itself emitted, on the way that takes.
///
/// Made when a fault is at a producer, and gone with the last. Keeps the newest batches while faults are at work: as
/// many as the largest rewind asks for, 64 MiB at most. Thread: owning task.
class upstream_faults {
public:
  upstream_faults(const chaos::task_gate& gate, task_outputs& outputs) : gate_{gate}, outputs_{outputs} {}

  /// A batch left by an output.
  void saw(std::size_t port, const batch_ptr& records);
  /// Before the producer is asked for events: adds what faults want, one batch a call, or sets it aside. True: it did.
  [[nodiscard]] bool add(context& to, std::int64_t now_ns);
  /// By how much what the producer paces itself by has got ahead since the last call: that stays.
  [[nodiscard]] std::chrono::nanoseconds take_lead() noexcept {
    return std::chrono::nanoseconds{std::exchange(lead_ns_, 0)};
  }
  /// How much faster its time goes by now.
  [[nodiscard]] double pace() const noexcept { return pace_; }

private:
  using fault = chaos::armed_fault;
  void strike(fault& f, context& to, std::int64_t now_ns);
  void hurry(fault& f, std::int64_t now_ns);
  void repeat(fault& f);
  void rewind(fault& f);
  void poison(fault& f, context& to);
  void emit(const emitted_batch& b);
  void keep_at_most(std::uint64_t events);

  const chaos::task_gate& gate_;
  task_outputs& outputs_;
  std::deque<emitted_batch> recent_;  // that the producer emitted, oldest first
  std::uint64_t recent_events_ = 0;
  std::uint64_t recent_bytes_ = 0;
  std::uint64_t wanted_events_ = 0;
  bool is_fresh_ = false;            // something came since faults last looked
  std::uint64_t again_events_ = 0;   // added here, and not seen leaving yet
  std::deque<emitted_batch> added_;  // to be emitted
  bool has_set_aside_ = false;
  std::int64_t asked_ns_ = 0;
  std::int64_t lead_ns_ = 0;
  double pace_ = 1;
};

}  // namespace millrace::engine
