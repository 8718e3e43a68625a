#pragma once

#include <zmq.h>

#include <cstddef>
#include <memory>
#include <span>

namespace millrace::transport {

struct socket_closer {
  void operator()(void* socket) const noexcept { zmq_close(socket); }
};
/// Owns a ZeroMQ socket. The C functions are used underneath because the data path must not throw on a full pipe.
using socket_handle = std::unique_ptr<void, socket_closer>;

/// A ZeroMQ message that is closed with its scope; what is handed over to a socket is empty afterwards.
class message {
public:
  message() noexcept { zmq_msg_init(&raw_); }
  ~message() { zmq_msg_close(&raw_); }
  message(const message&) = delete;
  message& operator=(const message&) = delete;

  [[nodiscard]] zmq_msg_t* raw() noexcept { return &raw_; }
  [[nodiscard]] std::byte* data() noexcept { return static_cast<std::byte*>(zmq_msg_data(&raw_)); }
  [[nodiscard]] std::size_t size() const noexcept { return zmq_msg_size(&raw_); }
  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {data(), size()}; }

private:
  zmq_msg_t raw_;
};

[[nodiscard]] inline bool set_option(void* socket, int option, int value) noexcept {
  return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

}  // namespace millrace::transport
