#include "millrace/transport/control_client.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "millrace/transport/control_endpoint.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t events_max = 256;
/// Messages ZeroMQ holds for us. Few, so that telemetry which is not taken stays young.
constexpr int messages_max = 16;

error no_answer(const std::string& verb, milliseconds deadline) {
  return retryable_error(errc::timeout, "no answer to '" + verb + "' within " + std::to_string(deadline.count()) +
                                            " ms: the process may be busy, stopped or gone");
}

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

bool set_keys(void* socket, const remote_keys& keys) noexcept {
  const auto set = [socket](int option, const std::string& key) {
    return zmq_setsockopt(socket, option, key.c_str(), key.size() + 1) == 0;
  };
  return set(ZMQ_CURVE_SERVERKEY, keys.server_public) && set(ZMQ_CURVE_PUBLICKEY, keys.own.public_key) &&
         set(ZMQ_CURVE_SECRETKEY, keys.own.secret_key);
}

}  // namespace

struct control_client::connection {
  socket_handle socket;
  std::string address;
};

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
      zmq_setsockopt(socket.get(), ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) != 0 ||
      (keys && !set_keys(socket.get(), *keys)) || zmq_connect(socket.get(), address.c_str()) != 0) {
    return fatal_error(errc::io_error, "cannot connect to " + address + ": " + zmq_strerror(zmq_errno()));
  }
  std::unique_ptr<control_client> client{
      new control_client{std::make_unique<connection>(connection{std::move(socket), address})}};
  auto answered = client->call("ping", json::object(), timeout);
  if (!answered && keys && answered.error().code == errc::timeout) {
    return retryable_error(errc::timeout,
                           "nobody answers at " + address + " within " + std::to_string(timeout.count()) +
                               " ms: is the node running there, does it have the key that is pinned, and "
                               "does it know this key ('millrace key list' on the node)?");
  }
  if (!answered) {
    return std::move(answered).error();
  }
  return client;
}

control_client::control_client(std::unique_ptr<connection> connected) : connection_{std::move(connected)} {}
control_client::~control_client() = default;

result<json> control_client::call(const std::string& verb, const json& args, milliseconds deadline) {
  deadline = std::clamp(deadline, milliseconds{1}, control_deadline_max);
  const auto until = clock::now() + deadline;
  const auto id = ++last_id_;
  encode_request({.id = id, .verb = verb, .args = args, .deadline = deadline}, outgoing_);
  if (outgoing_.size() > control_message_bytes_max) {
    return user_error(errc::limit_exceeded, "request '" + verb + "' has " + std::to_string(outgoing_.size()) +
                                                " bytes, a message may have " +
                                                std::to_string(control_message_bytes_max));
  }
  if (!send(until)) {
    return retryable_error(errc::unavailable, connection_->address + " takes no requests (" +
                                                  zmq_strerror(zmq_errno()) + "): the process may be gone");
  }
  for (;;) {
    auto received = receive(until);
    if (!received) {
      return received.error().code == errc::timeout ? no_answer(verb, deadline) : std::move(received).error();
    }
    if (auto* const answer = std::get_if<control_answer>(&*received); answer != nullptr && answer->id == id) {
      return std::move(answer->outcome);
    }
    if (auto* const event = std::get_if<control_event>(&*received)) {
      keep(std::move(*event));
    }
  }
}

result<std::uint64_t> control_client::subscribe(const std::string& topic, milliseconds interval,
                                                milliseconds deadline) {
  const auto answer = call("subscribe", {{"topic", topic}, {"interval_ms", interval.count()}}, deadline);
  if (!answer) {
    return answer.error();
  }
  const auto id = answer->find("subscription");
  if (id == answer->end() || !id->is_number_unsigned()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'subscribe' without a subscription");
  }
  return id->get<std::uint64_t>();
}

result<control_event> control_client::next_event(milliseconds timeout) {
  const auto until = clock::now() + timeout;
  while (events_.empty()) {
    auto received = receive(until);
    if (!received) {
      return std::move(received).error();
    }
    if (auto* const event = std::get_if<control_event>(&*received)) {
      keep(std::move(*event));
    }
  }
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
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

/// The next message; `timeout` when there is none until `deadline`.
result<control_message> control_client::receive(clock::time_point deadline) {
  for (;;) {
    message m;
    if (zmq_msg_recv(m.raw(), connection_->socket.get(), ZMQ_DONTWAIT) >= 0) {
      return decode_control_message(m.bytes());
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
    if (left <= milliseconds{0}) {
      return retryable_error(errc::timeout, "nothing came from " + connection_->address);
    }
    zmq_pollitem_t item{connection_->socket.get(), 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, left.count());
  }
}

void control_client::keep(control_event event) {
  if (events_.size() == events_max) {
    events_.pop_front();
  }
  events_.push_back(std::move(event));
}

}  // namespace millrace::transport
