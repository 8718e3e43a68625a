#include "millrace/transport/message_socket.hpp"

#include <sys/un.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "millrace/transport/zmq_context.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {

namespace {

/// A connection has this long to say that it speaks ZeroMQ; before, it only costs a descriptor.
constexpr int handshake_ms = 2000;
constexpr int reconnect_ms = 100;
constexpr int reconnect_ms_max = 5000;
/// Of ZeroMQ, which keeps the time to a millisecond and reads it now and then.
constexpr std::chrono::milliseconds timer_spare{5};

int type_of(message_pattern p) noexcept {
  switch (p) {
    case message_pattern::pull:
      return ZMQ_PULL;
    case message_pattern::sub:
      return ZMQ_SUB;
    case message_pattern::push:
      return ZMQ_PUSH;
    case message_pattern::pub:
      break;
  }
  return ZMQ_PUB;
}

bool set_options(void* socket, const message_socket_options& o) noexcept {
  const auto bytes_max = static_cast<std::int64_t>(o.message_bytes_max);
  return set_option(socket, ZMQ_LINGER, 0) && set_option(socket, ZMQ_SNDHWM, o.messages_max) &&
         set_option(socket, ZMQ_RCVHWM, o.messages_max) && set_option(socket, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
         set_option(socket, ZMQ_RECONNECT_IVL, reconnect_ms) &&
         set_option(socket, ZMQ_RECONNECT_IVL_MAX, reconnect_ms_max) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0 &&
         (o.pattern != message_pattern::sub ||
          zmq_setsockopt(socket, ZMQ_SUBSCRIBE, o.topic.data(), o.topic.size()) == 0);
}

error wrong(const std::string& address, const std::string& why) {
  return user_error(errc::invalid_argument, "'" + address + "' " + why);
}

result<void> check_tcp(const std::string& address, const std::string& place, bool binds) {
  const auto colon = place.rfind(':');
  const auto host = place.substr(0, colon);
  if (colon == std::string::npos || host.empty()) {
    return wrong(address, "has no host or no port; write tcp://127.0.0.1:5555");
  }
  if (host == "*" && !binds) return wrong(address, "names no peer to connect to; write tcp://host:5555");
  unsigned port = 0;
  const auto* const begin = place.data() + colon + 1;
  const auto* const end = place.data() + place.size();
  const auto r = std::from_chars(begin, end, port);
  constexpr unsigned port_max = 65'535;
  if (r.ec != std::errc{} || r.ptr != end || port > port_max || (port == 0 && !binds)) {
    return wrong(address, "has no port from " + std::string{binds ? "0 (any that is free)" : "1"} +
                              " to 65535 behind its last colon; write tcp://127.0.0.1:5555");
  }
  return {};
}

result<void> check_ipc(const std::string& address, const std::string& place) {
  if (place.empty() || place.front() != '/') {
    return wrong(address, "is no absolute path; write ipc:///run/feed.socket");
  }
  constexpr auto path_max = sizeof(sockaddr_un::sun_path) - 1;
  if (place.size() > path_max) {
    return wrong(address, "is too long: a path may have " + std::to_string(path_max) + " bytes");
  }
  return {};
}

error why_not(const message_socket_options& o) {
  const int code = zmq_errno();
  const std::string what = o.binds ? "cannot listen at " : "cannot connect to ";
  const auto message = what + o.address + ": " + zmq_strerror(code);
  if (code == EADDRINUSE) return retryable_error(errc::in_use, message + "; another program listens there");
  if (code == EINVAL || code == ENODEV || code == EPROTONOSUPPORT) {
    return user_error(errc::invalid_argument, message + (o.binds ? "; give an address of this machine, or *" : ""));
  }
  return fatal_error(code == EMFILE ? errc::limit_exceeded : errc::io_error, message);
}

/// Waits for room or for a message. What interrupts the wait starts it again with what is left of the time.
class deadline {
public:
  explicit deadline(std::chrono::milliseconds timeout) : end_{std::chrono::steady_clock::now() + timeout} {}

  /// False: the time is over.
  [[nodiscard]] bool wait(void* socket, short event) const noexcept {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      zmq_pollitem_t item{socket, 0, event, 0};
      const int n = zmq_poll(&item, 1, static_cast<long>(left.count()));
      if (n > 0) return true;
      if (n < 0 && zmq_errno() != EINTR) return false;
    }
  }

private:
  std::chrono::steady_clock::time_point end_;
};

error io_failure(const std::string& address) {
  return fatal_error(errc::io_error, address + ": " + zmq_strerror(zmq_errno()));
}

}  // namespace

struct message_socket::state {
  zmq_context context;
  socket_handle socket;
  std::chrono::milliseconds linger;
};

message_socket::message_socket(std::unique_ptr<state> s, std::string address) noexcept
    : state_{std::move(s)}, address_{std::move(address)} {}
message_socket::message_socket(message_socket&&) noexcept = default;
message_socket& message_socket::operator=(message_socket&&) noexcept = default;
message_socket::~message_socket() = default;

result<void> message_socket::check(const std::string& address, bool binds) {
  constexpr std::string_view tcp = "tcp://";
  constexpr std::string_view ipc = "ipc://";
  if (address.rfind(tcp, 0) == 0) return check_tcp(address, address.substr(tcp.size()), binds);
  if (address.rfind(ipc, 0) == 0) return check_ipc(address, address.substr(ipc.size()));
  return wrong(address, "is no address of ZeroMQ; write tcp://127.0.0.1:5555 or ipc:///run/feed.socket");
}

result<message_socket> message_socket::open(const message_socket_options& options) {
  if (auto ok = check(options.address, options.binds); !ok) return ok.error();
  auto context = zmq_context::open(0);
  if (!context) return std::move(context).error();
  socket_handle socket{zmq_socket(context->native(), type_of(options.pattern))};
  if (!socket || !set_options(socket.get(), options)) {
    return fatal_error(errc::limit_exceeded, "cannot open a socket: " + std::string{zmq_strerror(zmq_errno())});
  }
  const auto place = options.binds ? zmq_bind : zmq_connect;
  if (place(socket.get(), options.address.c_str()) != 0) return why_not(options);
  char bound[256] = {};
  std::size_t size = sizeof bound;
  const bool is_known = zmq_getsockopt(socket.get(), ZMQ_LAST_ENDPOINT, bound, &size) == 0;
  return message_socket{std::make_unique<state>(state{*std::move(context), std::move(socket), options.linger}),
                        options.binds && is_known ? std::string{bound} : options.address};
}

result<std::optional<received_message>> message_socket::receive(std::chrono::milliseconds timeout) {
  const deadline until{timeout};
  message part;
  while (zmq_msg_recv(part.raw(), state_->socket.get(), ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() == EINTR) continue;
    if (zmq_errno() != EAGAIN) return io_failure(address_);
    if (!until.wait(state_->socket.get(), ZMQ_POLLIN)) return std::optional<received_message>{};
  }
  received_message out{.topic = {}, .body = std::string{as_text(part.bytes())}};
  // ZeroMQ delivers the parts of a message together, so none has to be waited for.
  for (bool more = zmq_msg_more(part.raw()) != 0; more; more = zmq_msg_more(part.raw()) != 0) {
    int rc = 0;
    do {
      rc = zmq_msg_recv(part.raw(), state_->socket.get(), ZMQ_DONTWAIT);
    } while (rc < 0 && zmq_errno() == EINTR);
    if (rc < 0) return io_failure(address_);
    if (out.parts == 1) out.topic = std::move(out.body);
    out.body = as_text(part.bytes());
    ++out.parts;
  }
  return std::optional{std::move(out)};
}

result<bool> message_socket::send(bytes_view topic, bytes_view body, std::chrono::milliseconds timeout) {
  if (!topic.empty()) {
    if (auto r = send_part(topic, false, timeout); !r || !*r) return r;
  }
  return send_part(body, true, timeout);
}

/// Only the first part of a message has to wait for room.
result<bool> message_socket::send_part(bytes_view part, bool is_last, std::chrono::milliseconds timeout) {
  const deadline until{timeout};
  const int flags = ZMQ_DONTWAIT | (is_last ? 0 : ZMQ_SNDMORE);
  while (zmq_send(state_->socket.get(), part.data(), part.size(), flags) < 0) {
    if (zmq_errno() == EINTR) continue;
    if (zmq_errno() != EAGAIN) return io_failure(address_);
    if (!until.wait(state_->socket.get(), ZMQ_POLLOUT)) return false;
  }
  return true;
}

/// ZeroMQ does not say what became of the messages, but it ends its context earlier when all are gone. Its timers go by
/// a clock of its own, and may be a little early: in doubt they are not gone.
bool message_socket::close() {
  if (!state_) return true;
  const auto linger = state_->linger;
  const auto begun = std::chrono::steady_clock::now();
  (void)set_option(state_->socket.get(), ZMQ_LINGER, static_cast<int>(linger.count()));
  state_.reset();
  const auto spare = std::min(timer_spare, linger / 2);
  return linger.count() == 0 || std::chrono::steady_clock::now() - begun < linger - spare;
}

}  // namespace millrace::transport
