#include "millrace/transport/control_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
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
/// To find the session again after the connection was cut.
constexpr milliseconds session_patience{5000};
/// Messages ZeroMQ holds for us. Few, so that telemetry which is not taken stays young.
constexpr int messages_max = 16;
/// The pause between attempts to connect doubles from 100 ms to this.
constexpr int reconnect_ms_max = 2000;

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

struct control_client::connection {
  socket_handle socket;
  socket_handle monitor;  // says when a connection was made
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

/// A session of the server's, and in it the subscriptions that there were in the one before.
result<void> control_client::begin_session(clock::time_point until) {
  session_.clear();
  const auto answer = exchange("hello", json::object(), until);
  if (!answer) return answer.error();
  const auto id = answer->find("session");
  if (id == answer->end() || !id->is_string()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'hello' without a session");
  }
  session_ = id->get<std::string>();
  for (auto& s : subscriptions_) {
    const auto again = ask_for(s, until);
    if (!again) return again.error();
    s.id_there = *again;
  }
  return {};
}

result<json> control_client::call(const std::string& verb, const json& args, milliseconds deadline) {
  deadline = std::clamp(deadline, milliseconds{1}, control_deadline_max);
  const auto until = clock::now() + deadline;
  if (verb == "unsubscribe") return unsubscribe(args, until);
  auto answer = exchange(verb, args, until);
  if (answer || answer.error().code != errc::fenced || session_.empty()) {
    return !answer && answer.error().code == errc::timeout && answer.error().message.empty() ? no_answer(verb, deadline)
                                                                                             : std::move(answer);
  }
  // The server has begun anew: it was not done there. Nor before, unless it was under way when the connection was cut.
  if (is_repeated_) {
    return retryable_error(errc::timeout, "the connection was cut while '" + verb + "' was under way, and " +
                                              connection_->address +
                                              " has been started again since: whether it was done is not known; look, "
                                              "and ask again if it was not");
  }
  if (auto begun = begin_session(until); !begun) return std::move(begun).error();
  return exchange(verb, args, until);
}

/// One request and its answer. When the connection is made anew meanwhile, the same bytes go out again: the server does
/// nothing twice. Error: `timeout` without a message when nothing came.
result<json> control_client::exchange(const std::string& verb, const json& args, clock::time_point until) {
  const auto id = ++last_id_;
  const auto left =
      std::clamp(std::chrono::ceil<milliseconds>(until - clock::now()), milliseconds{1}, control_deadline_max);
  encode_request({.id = id, .verb = verb, .args = args, .deadline = left, .session = session_}, outgoing_);
  if (outgoing_.size() > control_message_bytes_max) {
    return user_error(errc::limit_exceeded, "request '" + verb + "' has " + std::to_string(outgoing_.size()) +
                                                " bytes, a message may have " +
                                                std::to_string(control_message_bytes_max));
  }
  is_repeated_ = false;
  (void)was_connected();
  // What is sent while there is no connection waits in ZeroMQ for the next one.
  bool is_waiting = !is_up_;
  for (bool is_sent = false;;) {
    if (!is_sent && !send(until)) {
      return retryable_error(errc::unavailable, connection_->address + " takes no requests (" +
                                                    zmq_strerror(zmq_errno()) + "): the process may be gone");
    }
    is_sent = true;
    auto received = receive(until);
    if (!received) {
      return received.error().code == errc::timeout ? error{errc::timeout, error_class::retryable, ""}
                                                    : std::move(received).error();
    }
    if (std::holds_alternative<reconnected>(*received)) {
      is_sent = std::exchange(is_waiting, false);
      is_repeated_ = is_repeated_ || !is_sent;
      continue;
    }
    auto& message = std::get<control_message>(*received);
    if (auto* const answer = std::get_if<control_answer>(&message); answer != nullptr && answer->id == id) {
      return std::move(answer->outcome);
    }
    if (auto* const event = std::get_if<control_event>(&message)) {
      keep(std::move(*event));
    }
  }
}

/// What a subscription says to the server.
json control_client::arguments_of(const wish& s) {
  auto args = s.choice;
  args["topic"] = s.topic;
  args["interval_ms"] = s.interval.count();
  return args;
}

result<std::uint64_t> control_client::ask_for(const wish& s, clock::time_point until) {
  const auto answer = exchange("subscribe", arguments_of(s), until);
  if (!answer) {
    return answer.error();
  }
  const auto id = answer->find("subscription");
  if (id == answer->end() || !id->is_number_unsigned()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'subscribe' without a subscription");
  }
  return id->get<std::uint64_t>();
}

result<std::uint64_t> control_client::subscribe(const std::string& topic, milliseconds interval, milliseconds deadline,
                                                const json& choice) {
  wish wanted{topic, choice, interval, 0, 0};
  const auto answer = call("subscribe", arguments_of(wanted), deadline);
  if (!answer) {
    return answer.error();
  }
  const auto id = answer->find("subscription");
  if (id == answer->end() || !id->is_number_unsigned()) {
    return fatal_error(errc::parse_error, connection_->address + " answered 'subscribe' without a subscription");
  }
  wanted.id = wanted.id_there = id->get<std::uint64_t>();
  subscriptions_.push_back(std::move(wanted));
  return subscriptions_.back().id;
}

result<json> control_client::unsubscribe(const json& args, clock::time_point until) {
  auto renamed = args;
  const auto named = args.is_object() ? args.find("subscription") : args.end();
  auto known = subscriptions_.end();
  if (args.is_object() && named != args.end() && named->is_number_unsigned()) {
    known = std::ranges::find(subscriptions_, named->get<std::uint64_t>(), &wish::id);
  }
  if (known != subscriptions_.end()) {
    renamed["subscription"] = known->id_there;
    subscriptions_.erase(known);
  }
  return exchange("unsubscribe", renamed, until);
}

result<void> control_client::unsubscribe(std::uint64_t subscription, milliseconds deadline) {
  auto answer = call("unsubscribe", {{"subscription", subscription}}, deadline);
  if (!answer) return std::move(answer).error();
  // What came before the server heard of it is of no use any more.
  std::erase_if(events_, [&](const control_event& e) { return e.subscription == subscription; });
  return {};
}

result<control_event> control_client::newest_event(std::uint64_t subscription, milliseconds timeout) {
  const auto until = clock::now() + timeout;
  const auto is_its = [&](const control_event& e) { return e.subscription == subscription; };
  for (;;) {
    // What has come by now is read, also when there is one already.
    const bool has_one = std::ranges::any_of(events_, is_its);
    auto more = take_in(has_one ? clock::now() : until);
    if (!more && has_one && more.error().code == errc::timeout) break;
    if (!more) return std::move(more).error();
  }
  control_event newest;
  std::uint64_t overtaken = 0;
  for (auto& e : events_) {
    if (!is_its(e)) continue;
    overtaken = e.skipped + (newest.subscription == subscription ? overtaken + 1 : 0);
    newest = std::move(e);
    e.subscription = subscription;  // moved from, and taken out below
  }
  newest.skipped = overtaken;
  std::erase_if(events_, is_its);
  return newest;
}

result<control_event> control_client::next_event(milliseconds timeout) {
  const auto until = clock::now() + timeout;
  while (events_.empty()) {
    if (auto more = take_in(until); !more) return std::move(more).error();
  }
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

/// Receives one message, and keeps it when it is an event. Error: `timeout`.
result<void> control_client::take_in(clock::time_point until) {
  auto received = receive(until);
  if (!received) return std::move(received).error();
  if (std::holds_alternative<reconnected>(*received)) {
    // The server does not know yet where its session is now.
    if (auto back = call("ping", json::object(), session_patience); !back) return std::move(back).error();
    return {};
  }
  if (auto* const event = std::get_if<control_event>(&std::get<control_message>(*received))) keep(std::move(*event));
  return {};
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

void control_client::keep(control_event event) {
  const auto known = std::ranges::find(subscriptions_, event.subscription, &wish::id_there);
  if (known != subscriptions_.end()) event.subscription = known->id;
  if (events_.size() == events_max) {
    events_.pop_front();
  }
  events_.push_back(std::move(event));
}

}  // namespace millrace::transport
