#include "control_client_connection.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "millrace/transport/control_endpoint.hpp"

// A client's way to the process: the socket, and what becomes of its connection.
namespace millrace::transport {
namespace {

using std::chrono::milliseconds;

/// Messages ZeroMQ holds for us. Few, so that telemetry which is not taken stays young.
constexpr int messages_max = 16;
/// The pause between attempts to connect doubles from 100 ms to this.
constexpr int reconnect_ms_max = 2000;

result<void> check_address(const std::string& address, bool has_keys) {
  if (address.starts_with("tcp://")) {
    if (has_keys) return {};
    return user_error(errc::invalid_argument, address +
                                                  " is on the network, which needs a key: make one on the node with "
                                                  "'millrace key create', and give it with --key-file");
  }
  const auto path = path_of_address(address);
  if (!path) {
    return path.error();
  }
  std::error_code failed;
  if (!std::filesystem::is_socket(*path, failed)) {
    return user_error(errc::not_found, "nobody listens on " + address + ": is the process running?");
  }
  return {};
}

/// What tells of the socket's connections, from now on. Empty: there is none to be had.
socket_handle open_monitor(zmq_context& context, void* socket) {
  static std::atomic<std::uint64_t> last{0};
  const auto address = "inproc://control-client-" + std::to_string(++last);
  socket_handle monitor{zmq_socket(context.native(), ZMQ_PAIR)};
  // Without a limit, since ZeroMQ's own thread would wait at one; there are two events a connection, and a pause
  // between connections.
  if (!monitor || !set_option(monitor.get(), ZMQ_LINGER, 0) || !set_option(monitor.get(), ZMQ_RCVHWM, 0) ||
      zmq_socket_monitor(socket, address.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0 ||
      zmq_connect(monitor.get(), address.c_str()) != 0) {
    return {};
  }
  return monitor;
}

bool set_keys(void* socket, const remote_keys& keys) noexcept {
  const auto set = [socket](int option, const std::string& key) {
    return zmq_setsockopt(socket, option, key.c_str(), key.size() + 1) == 0;
  };
  return set(ZMQ_CURVE_SERVERKEY, keys.server_public) && set(ZMQ_CURVE_PUBLICKEY, keys.own.public_key) &&
         set(ZMQ_CURVE_SECRETKEY, keys.own.secret_key);
}

}  // namespace

result<std::unique_ptr<control_client>> control_client::connect(zmq_context& context, const std::string& address,
                                                                milliseconds timeout,
                                                                const std::optional<remote_keys>& keys) {
  if (auto usable = check_address(address, keys.has_value()); !usable) {
    return std::move(usable).error();
  }
  socket_handle socket{zmq_socket(context.native(), ZMQ_DEALER)};
  const std::int64_t bytes_max = control_message_bytes_max;
  if (!socket || !set_option(socket.get(), ZMQ_LINGER, 0) || !set_option(socket.get(), ZMQ_RCVHWM, messages_max) ||
      !set_option(socket.get(), ZMQ_SNDHWM, messages_max) ||
      !set_option(socket.get(), ZMQ_RECONNECT_IVL_MAX, reconnect_ms_max) ||
      zmq_setsockopt(socket.get(), ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) != 0 ||
      (keys && !set_keys(socket.get(), *keys))) {
    return fatal_error(errc::io_error, "cannot connect to " + address + ": " + zmq_strerror(zmq_errno()));
  }
  auto monitor = open_monitor(context, socket.get());
  if (!monitor || zmq_connect(socket.get(), address.c_str()) != 0) {
    return fatal_error(errc::io_error, "cannot connect to " + address + ": " + zmq_strerror(zmq_errno()));
  }
  std::unique_ptr<control_client> client{
      new control_client{std::make_unique<connection>(connection{std::move(socket), std::move(monitor), address})}};
  auto begun = client->begin_session(clock::now() + timeout);
  if (!begun && begun.error().code == errc::timeout) {
    if (!keys) return no_answer("hello", timeout);
    return retryable_error(errc::timeout,
                           "nobody answers at " + address + " within " + std::to_string(timeout.count()) +
                               " ms: is the node running there, does it have the key that is pinned, and "
                               "does it know this key ('millrace key list' on the node)?");
  }
  if (!begun) {
    return std::move(begun).error();
  }
  return client;
}

control_client::control_client(std::unique_ptr<connection> connected) : connection_{std::move(connected)} {}
control_client::~control_client() {
  if (connection_) zmq_socket_monitor(connection_->socket.get(), nullptr, 0);
}

/// Hands over what is in `outgoing_`; waits for room, as while a connection is made anew. False: there was none.
bool control_client::send(clock::time_point deadline) {
  for (;;) {
    if (zmq_send(connection_->socket.get(), outgoing_.data(), outgoing_.size(), ZMQ_DONTWAIT) >= 0) return true;
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
    if ((zmq_errno() != EAGAIN && zmq_errno() != EINTR) || left <= milliseconds{0}) return false;
    zmq_pollitem_t item{connection_->socket.get(), 0, ZMQ_POLLOUT, 0};
    zmq_poll(&item, 1, left.count());
  }
}

/// Takes in what became of the connection. True when another one was made.
bool control_client::was_connected() {
  bool was_made = false;
  for (message part; zmq_msg_recv(part.raw(), connection_->monitor.get(), ZMQ_DONTWAIT) >= 0;) {
    std::uint16_t event = 0;
    if (zmq_msg_more(part.raw()) == 0 || part.size() < sizeof event) continue;  // the address
    std::memcpy(&event, part.data(), sizeof event);
    is_up_ = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    was_made = was_made || is_up_;
  }
  return was_made;
}

/// The next message, or that the connection is another one; `timeout` when there is none until `deadline`.
result<control_client::arrival> control_client::receive(clock::time_point deadline) {
  for (;;) {
    message m;
    if (zmq_msg_recv(m.raw(), connection_->socket.get(), ZMQ_DONTWAIT) >= 0) {
      auto decoded = decode_control_message(m.bytes());
      return decoded ? result<arrival>{arrival{*std::move(decoded)}} : result<arrival>{std::move(decoded).error()};
    }
    if (was_connected()) return arrival{reconnected{}};
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
    if (left <= milliseconds{0}) {
      return retryable_error(errc::timeout, "nothing came from " + connection_->address);
    }
    std::array<zmq_pollitem_t, 2> items{
        {{connection_->socket.get(), 0, ZMQ_POLLIN, 0}, {connection_->monitor.get(), 0, ZMQ_POLLIN, 0}}};
    zmq_poll(items.data(), static_cast<int>(items.size()), left.count());
  }
}

}  // namespace millrace::transport
