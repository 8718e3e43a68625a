#include "millrace/transport/raw_pipe.hpp"

#include <zmq.h>

#include <array>
#include <string>
#include <utility>

#include "millrace/transport/zmq_context.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {
namespace {

/// As many as a link hands to ZeroMQ.
constexpr int messages_max = 256;
constexpr int wait_ms = 100;

void free_buffer(void*, void* hint) {
  const std::unique_ptr<byte_buffer> freed{static_cast<byte_buffer*>(hint)};
}

bool set_key(void* socket, int option, const std::string& key) noexcept {
  return zmq_setsockopt(socket, option, key.c_str(), key.size() + 1) == 0;
}

bool set_options(void* socket) noexcept {
  return set_option(socket, ZMQ_LINGER, 0) && set_option(socket, ZMQ_SNDHWM, messages_max) &&
         set_option(socket, ZMQ_RCVHWM, messages_max) && set_option(socket, ZMQ_SNDTIMEO, wait_ms) &&
         set_option(socket, ZMQ_RCVTIMEO, wait_ms);
}

bool is_closed_by_peer(int rc, const std::atomic<bool>& is_closed) noexcept {
  return rc < 0 && ((zmq_errno() != EAGAIN && zmq_errno() != EINTR) || is_closed.load(std::memory_order_relaxed));
}

}  // namespace

struct raw_pipe::sockets {
  zmq_context sending_context;
  zmq_context receiving_context;
  socket_handle sender;
  socket_handle receiver;
  message received;
};

raw_pipe::raw_pipe(std::unique_ptr<sockets> s) : sockets_{std::move(s)} {}
raw_pipe::~raw_pipe() = default;

result<std::unique_ptr<raw_pipe>> raw_pipe::open(const std::optional<curve_keys>& keys) {
  auto sending = zmq_context::open(0);
  auto receiving = zmq_context::open(0);
  if (!sending) return std::move(sending).error();
  if (!receiving) return std::move(receiving).error();
  auto s = std::unique_ptr<sockets>{new sockets{*std::move(sending), *std::move(receiving), {}, {}, {}}};
  s->sender.reset(zmq_socket(s->sending_context.native(), ZMQ_PUSH));
  s->receiver.reset(zmq_socket(s->receiving_context.native(), ZMQ_PULL));
  void* const out = s->sender.get();
  void* const in = s->receiver.get();
  bool is_set = out != nullptr && in != nullptr && set_options(out) && set_options(in);
  if (is_set && keys) {
    is_set = set_option(in, ZMQ_CURVE_SERVER, 1) && set_key(in, ZMQ_CURVE_SECRETKEY, keys->secret_key) &&
             set_key(out, ZMQ_CURVE_SERVERKEY, keys->public_key) &&
             set_key(out, ZMQ_CURVE_PUBLICKEY, keys->public_key) && set_key(out, ZMQ_CURVE_SECRETKEY, keys->secret_key);
  }
  std::array<char, 256> at{};
  auto size = at.size();
  if (!is_set || zmq_bind(in, "tcp://127.0.0.1:*") != 0 ||
      zmq_getsockopt(in, ZMQ_LAST_ENDPOINT, at.data(), &size) != 0 || zmq_connect(out, at.data()) != 0) {
    return fatal_error(errc::io_error, std::string{"cannot open a pipe of ZeroMQ: "} + zmq_strerror(zmq_errno()));
  }
  return std::unique_ptr<raw_pipe>{new raw_pipe{std::move(s)}};
}

bool raw_pipe::send(byte_buffer bytes) {
  auto kept = std::make_unique<byte_buffer>(std::move(bytes));
  message m;
  if (zmq_msg_init_data(m.raw(), kept->data(), kept->size(), free_buffer, kept.get()) != 0) return false;
  static_cast<void>(kept.release());
  int rc = 0;
  do {
    rc = zmq_msg_send(m.raw(), sockets_->sender.get(), 0);
    if (is_closed_by_peer(rc, is_closed_)) return false;
  } while (rc < 0);
  return true;
}

bytes_view raw_pipe::receive() {
  auto& m = sockets_->received;
  int rc = 0;
  do {
    rc = zmq_msg_recv(m.raw(), sockets_->receiver.get(), 0);
    if (is_closed_by_peer(rc, is_closed_)) return {};
  } while (rc < 0);
  return m.bytes();
}

}  // namespace millrace::transport
