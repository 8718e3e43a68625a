#include "link/sockets.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "link/wire.hpp"

namespace millrace::transport::link {
namespace {

/// Messages between ZeroMQ and the hub for one connection; what else waits, waits where it is counted.
constexpr int messages_per_connection = 256;
/// CURVE's command name, nonce, flags and authenticator count as part of a message.
constexpr std::int64_t encryption_bytes = 64;
constexpr int handshake_ms = 2000;
constexpr int connect_ms = 5000;
/// Doubled with each failure up to the second; the first try after a cut is soon.
constexpr int reconnect_ms = 10;
constexpr int reconnect_ms_max = 1000;
constexpr std::chrono::seconds stranger_time{5};
/// ZMQ_ZAP_ENFORCE_DOMAIN, which the header keeps to drafts and the library takes.
constexpr int zap_enforce_domain = 93;
constexpr int monitored = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

error no_socket() {
  return fatal_error(errc::limit_exceeded, "cannot open a socket of a link: " + std::string{zmq_strerror(zmq_errno())});
}

bool set_text(void* socket, int option, const std::string& text) noexcept {
  return zmq_setsockopt(socket, option, text.c_str(), text.size() + 1) == 0;
}

bool set_common(void* socket) noexcept {
  const std::int64_t bytes_max = message_bytes_max + encryption_bytes;
  return set_option(socket, ZMQ_LINGER, 0) && set_option(socket, ZMQ_SNDHWM, messages_per_connection) &&
         set_option(socket, ZMQ_RCVHWM, messages_per_connection) &&
         set_option(socket, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0;
}

error refused_keys() {
  return user_error(errc::invalid_argument,
                    "the keys of a link cannot be used: " + std::string{zmq_strerror(zmq_errno())});
}

}  // namespace

result<socket_handle> open_router(zmq_context& context, const std::optional<curve_keys>& keys) {
  socket_handle socket{zmq_socket(context.native(), ZMQ_ROUTER)};
  if (!socket || !set_common(socket.get()) || !set_option(socket.get(), ZMQ_ROUTER_MANDATORY, 1)) return no_socket();
  if (!keys) return socket;
  // Without the domain, and its enforcement, ZeroMQ lets every key in when nobody handles authentication.
  const std::string domain = "millrace.link";
  if (!set_option(socket.get(), ZMQ_CURVE_SERVER, 1) ||
      !set_text(socket.get(), ZMQ_CURVE_SECRETKEY, keys->secret_key) ||
      zmq_setsockopt(socket.get(), ZMQ_ZAP_DOMAIN, domain.data(), domain.size()) != 0 ||
      !set_option(socket.get(), zap_enforce_domain, 1)) {
    return refused_keys();
  }
  return socket;
}

result<std::string> bind_router(void* router, const std::string& address) {
  if (zmq_bind(router, address.c_str()) != 0) {
    const auto why = zmq_errno();
    const auto text = "cannot listen on " + address + ": " + zmq_strerror(why);
    if (why == EADDRINUSE) return retryable_error(errc::in_use, text + "; another program listens there");
    if (why == EINVAL || why == ENODEV || why == EPROTONOSUPPORT) {
      return user_error(errc::invalid_argument, text + "; give tcp://HOST:PORT with an address of this machine");
    }
    return fatal_error(errc::io_error, text);
  }
  std::array<char, 256> bound{};
  auto size = bound.size();
  if (zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, bound.data(), &size) != 0) return no_socket();
  return std::string{bound.data()};
}

result<dialled> dial(zmq_context& context, const std::optional<curve_keys>& keys, const link_peer& peer) {
  dialled d{socket_handle{zmq_socket(context.native(), ZMQ_DEALER)},
            socket_handle{zmq_socket(context.native(), ZMQ_PAIR)}};
  // What a broken connection had queued is gone with it: it is sent again in order, not behind a backlog of its own.
  if (d.socket() == nullptr || d.monitor() == nullptr || !set_common(d.socket()) ||
      !set_option(d.socket(), ZMQ_IMMEDIATE, 1) || !set_option(d.socket(), ZMQ_RECONNECT_IVL, reconnect_ms) ||
      !set_option(d.socket(), ZMQ_RECONNECT_IVL_MAX, reconnect_ms_max) ||
      !set_option(d.socket(), ZMQ_CONNECT_TIMEOUT, connect_ms)) {
    return no_socket();
  }
  if (keys && (!set_text(d.socket(), ZMQ_CURVE_SERVERKEY, peer.server_key) ||
               !set_text(d.socket(), ZMQ_CURVE_PUBLICKEY, keys->public_key) ||
               !set_text(d.socket(), ZMQ_CURVE_SECRETKEY, keys->secret_key))) {
    return refused_keys();
  }
  static std::atomic<std::uint64_t> monitors{0};
  const auto name = "inproc://millrace/link-monitor/" + std::to_string(monitors.fetch_add(1));
  if (zmq_socket_monitor(d.socket(), name.c_str(), monitored) != 0 || !set_option(d.monitor(), ZMQ_LINGER, 0) ||
      zmq_connect(d.monitor(), name.c_str()) != 0) {
    return no_socket();
  }
  if (zmq_connect(d.socket(), peer.address.c_str()) != 0) {
    return user_error(errc::invalid_argument,
                      "cannot dial '" + peer.address + "': " + zmq_strerror(zmq_errno()) + "; give tcp://HOST:PORT");
  }
  return d;
}

dialled& dialled::operator=(dialled&& other) noexcept {
  hang_up();
  socket_ = std::move(other.socket_);
  monitor_ = std::move(other.monitor_);
  return *this;
}

/// The monitor is stopped first: ZeroMQ's thread would wait for ever for somebody to take its news.
void dialled::hang_up() noexcept {
  if (socket_) zmq_socket_monitor(socket_.get(), nullptr, 0);
  socket_.reset();
  monitor_.reset();
}

connection_news next_news(void* monitor) noexcept {
  message what;
  if (!receive_part(monitor, what.raw()) || what.size() < sizeof(std::uint16_t)) return connection_news::none;
  std::uint16_t event = 0;
  std::memcpy(&event, what.data(), sizeof event);
  message where;
  if (zmq_msg_more(what.raw()) != 0) static_cast<void>(receive_part(monitor, where.raw()));
  if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return connection_news::made;
  return event == ZMQ_EVENT_DISCONNECTED ? connection_news::gone : connection_news::refused;
}

result<void> try_stranger(zmq_context& context, const curve_keys& server, const std::string& address,
                          authentication& door) {
  const auto stranger = make_curve_keys();
  if (!stranger) return stranger.error();
  auto dialling = dial(context, *stranger, {.name = "stranger", .address = address, .server_key = server.public_key});
  if (!dialling) return std::move(dialling).error();
  const auto end = std::chrono::steady_clock::now() + stranger_time;
  for (auto left = stranger_time; left.count() > 0;
       left = std::chrono::duration_cast<std::chrono::seconds>(end - std::chrono::steady_clock::now())) {
    std::array<zmq_pollitem_t, 2> items{{{door.native(), 0, ZMQ_POLLIN, 0}, {dialling->monitor(), 0, ZMQ_POLLIN, 0}}};
    zmq_poll(items.data(), items.size(), std::chrono::milliseconds{left}.count());
    door.answer();
    switch (next_news(dialling->monitor())) {
      case connection_news::refused:
        return {};
      case connection_news::made:
        return fatal_error(errc::failed, "a stranger's key was let in at " + address + ": this node does not listen");
      default:
        break;
    }
  }
  return fatal_error(errc::failed, "whether strangers are refused at " + address + " could not be made out");
}

int descriptor_of(void* socket) noexcept {
  int fd = -1;
  std::size_t size = sizeof fd;
  zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
  return fd;
}

bool has_room(void* socket) noexcept {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

bool receive_part(void* socket, zmq_msg_t* part) noexcept {
  int rc = 0;
  do {
    rc = zmq_msg_recv(part, socket, ZMQ_DONTWAIT);
  } while (rc < 0 && zmq_errno() == EINTR);
  return rc >= 0;
}

bool send_part(void* socket, zmq_msg_t* part, int flags) noexcept {
  int rc = 0;
  do {
    rc = zmq_msg_send(part, socket, flags | ZMQ_DONTWAIT);
  } while (rc < 0 && zmq_errno() == EINTR);
  return rc >= 0;
}

}  // namespace millrace::transport::link
