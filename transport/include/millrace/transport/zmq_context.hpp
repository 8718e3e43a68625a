#pragma once

#include <cstddef>
#include <memory>

#include "millrace/error.hpp"

namespace millrace::transport {

/// File descriptors a process needs for `channels` in-process channels: two a channel (one per PAIR socket) and a
/// reserve for everything else a node opens (stores, control clients, logs, plugins).
[[nodiscard]] std::size_t descriptors_needed(std::size_t channels) noexcept;

/// Raises the soft limit of open files so that `channels` channels fit, up to the hard limit.
///
/// `limit_exceeded` when the hard limit is too low; the message names the need and the ways out. Thread: any, before
/// the channels are made.
[[nodiscard]] result<void> raise_limits(std::size_t channels);

/// The ZeroMQ context of the process: owns ZeroMQ's I/O thread and every socket's slot.
///
/// One per process. The number of sockets is fixed before the first one is opened, because ZeroMQ ignores the option
/// afterwards and then refuses the 1,024th socket in the middle of a deployment. Everything that holds sockets
/// (channels, control servers and clients) must be destroyed before it: the destructor waits for open sockets for ever.
/// Thread: any.
class zmq_context {
public:
  /// Raises the process limits for `channels` in-process channels and opens a context with room for them.
  [[nodiscard]] static result<zmq_context> open(std::size_t channels);

  zmq_context(zmq_context&&) noexcept = default;
  zmq_context& operator=(zmq_context&&) noexcept = default;

  /// The `void*` ZeroMQ's C functions take.
  [[nodiscard]] void* native() const noexcept { return handle_.get(); }

private:
  struct closer {
    void operator()(void* context) const noexcept;
  };
  explicit zmq_context(void* context) noexcept : handle_{context} {}

  std::unique_ptr<void, closer> handle_;
};

}  // namespace millrace::transport
