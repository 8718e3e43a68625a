#include "router_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "millrace/transport/control_protocol.hpp"

namespace millrace::transport {
namespace {

/// Messages on the way to one client. Few, so that a slow client's telemetry is young; enough for answers in a row.
constexpr int messages_per_client = 16;
/// A connection has this long to say that it speaks ZeroMQ; before, it only costs a descriptor.
constexpr int handshake_ms = 2000;
constexpr int backlog = 64;
/// ZMQ_ZAP_ENFORCE_DOMAIN, which the header keeps to drafts and the library takes.
constexpr int zap_enforce_domain = 93;

bool set_options(void* socket) noexcept {
  const std::int64_t bytes_max = control_message_bytes_max;
  return set_option(socket, ZMQ_LINGER, 0) && set_option(socket, ZMQ_ROUTER_MANDATORY, 1) &&
         set_option(socket, ZMQ_SNDHWM, messages_per_client) && set_option(socket, ZMQ_RCVHWM, messages_per_client) &&
         set_option(socket, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0;
}

/// A listening socket of our own. ZeroMQ's would remove whatever is at the path before it binds, and again some time
/// after it is closed, when the next server may be there already.
int open_listener(const std::filesystem::path& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(fd, backlog) == 0) {
    return fd;
  }
  if (fd >= 0) ::close(fd);
  return -1;
}

bool receive_part(void* socket, message& part) noexcept {
  int rc = 0;
  do {
    rc = zmq_msg_recv(part.raw(), socket, ZMQ_DONTWAIT);
  } while (rc < 0 && zmq_errno() == EINTR);
  return rc >= 0;
}

}  // namespace

result<router_socket> router_socket::listen(zmq_context& context, const std::string& address,
                                            const std::filesystem::path& path) {
  socket_handle socket{zmq_socket(context.native(), ZMQ_ROUTER)};
  if (!socket || !set_options(socket.get())) {
    return fatal_error(errc::limit_exceeded, "cannot open a control socket: " + std::string{zmq_strerror(zmq_errno())});
  }
  const int fd = open_listener(path);
  if (fd < 0) {
    return fatal_error(errc::io_error, "cannot listen on " + path.string() + ": " + std::strerror(errno));
  }
  if (!set_option(socket.get(), ZMQ_USE_FD, fd) || zmq_bind(socket.get(), address.c_str()) != 0) {
    ::close(fd);
    ::unlink(path.c_str());
    return fatal_error(errc::io_error, "cannot listen on " + address + ": " + zmq_strerror(zmq_errno()));
  }
  return router_socket{std::move(socket)};
}

result<router_socket> router_socket::listen_remote(zmq_context& context, const curve_keys& keys,
                                                   const std::string& inner) {
  socket_handle socket{zmq_socket(context.native(), ZMQ_ROUTER)};
  if (!socket || !set_options(socket.get())) {
    return fatal_error(errc::limit_exceeded, "cannot open a control socket: " + std::string{zmq_strerror(zmq_errno())});
  }
  // Without the domain, and its enforcement, ZeroMQ lets every key in when nobody handles authentication.
  const std::string domain = "millrace";
  const auto& secret = keys.secret_key;
  if (!set_option(socket.get(), ZMQ_CURVE_SERVER, 1) ||
      zmq_setsockopt(socket.get(), ZMQ_CURVE_SECRETKEY, secret.c_str(), secret.size() + 1) != 0 ||
      zmq_setsockopt(socket.get(), ZMQ_ZAP_DOMAIN, domain.data(), domain.size()) != 0 ||
      !set_option(socket.get(), zap_enforce_domain, 1)) {
    return user_error(errc::invalid_argument,
                      "the node's own key cannot be used: " + std::string{zmq_strerror(zmq_errno())});
  }
  // Abstract addresses have no file whose rights could protect them: the kernel tells who connects.
  const pid_t own = ::getpid();
  if (zmq_setsockopt(socket.get(), ZMQ_IPC_FILTER_PID, &own, sizeof own) != 0 ||
      !set_option(socket.get(), ZMQ_BACKLOG, backlog) || zmq_bind(socket.get(), inner.c_str()) != 0) {
    return fatal_error(errc::io_error, "cannot listen behind the gate: " + std::string{zmq_strerror(zmq_errno())});
  }
  return router_socket{std::move(socket)};
}

std::optional<raw_request> router_socket::receive() {
  message identity;
  if (!receive_part(socket_.get(), identity)) {
    return std::nullopt;
  }
  raw_request request{.client = std::string{as_text(identity.bytes())}};
  int parts = 0;
  for (bool more = zmq_msg_more(identity.raw()) != 0; more; ++parts) {
    message part;
    if (!receive_part(socket_.get(), part)) {
      break;  // ZeroMQ delivers the parts of a message together
    }
    more = zmq_msg_more(part.raw()) != 0;
    if (parts == 0) {
      request.bytes.append(part.bytes());
      const char* user = zmq_msg_gets(part.raw(), "User-Id");
      if (user != nullptr) request.key = user;
    }
  }
  request.is_whole = parts == 1;
  return request;
}

send_status router_socket::send(const std::string& client, bytes_view bytes) noexcept {
  const auto send_part = [this](const void* data, std::size_t size, int flags) {
    int rc = 0;
    do {
      rc = zmq_send(socket_.get(), data, size, flags | ZMQ_DONTWAIT);
    } while (rc < 0 && zmq_errno() == EINTR);
    return rc >= 0;
  };
  const auto send_both = [&] {
    return send_part(client.data(), client.size(), ZMQ_SNDMORE) && send_part(bytes.data(), bytes.size(), 0);
  };
  if (send_both()) return send_status::sent;
  if (zmq_errno() != EAGAIN) return send_status::gone;
  // While it sends, ZeroMQ hears only now and then of what its other thread has written out: a client that has read
  // all of it may still count as one that does not. Asking for events makes it listen.
  int events = 0;
  auto size = sizeof events;
  zmq_getsockopt(socket_.get(), ZMQ_EVENTS, &events, &size);
  if (send_both()) return send_status::sent;
  return zmq_errno() == EAGAIN ? send_status::full : send_status::gone;
}

}  // namespace millrace::transport
