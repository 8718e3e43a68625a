#pragma once

#include <string>

#include "millrace/engine/frame.hpp"

namespace millrace::engine {

/// Wakes the task that owns it. Coalesced: any number of rings before the task looks is one wake-up. Thread: any.
class doorbell {
public:
  virtual ~doorbell() = default;
  virtual void ring() noexcept = 0;
};

/// The sender's end of one channel. Ordered, reliable within one incarnation; never blocks: credit, which the task
/// counts, is the bound. Thread: owning task.
class channel_sender {
public:
  virtual ~channel_sender() = default;
  /// Hands the frame over and rings the receiver. Returns the bytes it takes up on its way: its records as they travel.
  /// The receiver finds the same figure in `frame::bytes`: credit in bytes must not be two estimates that drift apart.
  virtual std::uint64_t send(frame&& f) = 0;
  /// Adds what the receiver gave back since the last call to `out`; false when there was nothing.
  virtual bool take_credit(credit& out) = 0;
};

enum class receive_status { empty, received, broken };

/// The receiver's end of one channel. Thread: owning task.
class channel_receiver {
public:
  virtual ~channel_receiver() = default;
  /// Takes the next frame into `out`. `broken`: the frame could not be read (see `failure()`); the channel is unusable.
  virtual receive_status receive(frame& out) = 0;
  /// Gives credit back and rings the sender.
  virtual void give_credit(credit c) = 0;
  /// Why `receive` said broken: names channel, sequence and what was wrong.
  [[nodiscard]] virtual std::string failure() const = 0;
};

}  // namespace millrace::engine
