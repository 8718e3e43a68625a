#include "millrace/transport/door_check.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/transport/control_protocol.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int turned_away = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED;

/// A host that stands for all addresses of this machine is no place to connect to.
std::string near(const std::string& address) {
  for (const std::string all : {"tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:"}) {
    if (address.starts_with(all)) return "tcp://127.0.0.1:" + address.substr(all.size());
  }
  return address;
}

/// Somebody who knocks.
class visitor {
public:
  /// `own`: nothing for one who has no keys at all.
  [[nodiscard]] bool knock(zmq_context& context, const door& at, const std::optional<curve_keys>& own) {
    static std::atomic<std::uint64_t> last{0};
    const auto events = "inproc://door-check-" + std::to_string(++last);
    socket_.reset(zmq_socket(context.native(), ZMQ_DEALER));
    monitor_.reset(zmq_socket(context.native(), ZMQ_PAIR));
    byte_buffer hello;
    encode_request({.id = 1, .verb = "hello"}, hello);
    return socket_ && monitor_ && set_option(socket_.get(), ZMQ_LINGER, 0) &&
           set_option(monitor_.get(), ZMQ_LINGER, 0) && (!own || set_keys(at.server_key, *own)) &&
           zmq_socket_monitor(socket_.get(), events.c_str(), turned_away | ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0 &&
           zmq_connect(monitor_.get(), events.c_str()) == 0 &&
           zmq_connect(socket_.get(), near(at.address).c_str()) == 0 &&
           zmq_send(socket_.get(), hello.data(), hello.size(), ZMQ_DONTWAIT) >= 0;
  }
  ~visitor() {
    if (socket_) zmq_socket_monitor(socket_.get(), nullptr, 0);
  }
  visitor() = default;
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;

  /// Takes in what has happened until now.
  void look() {
    for (message part; zmq_msg_recv(part.raw(), monitor_.get(), ZMQ_DONTWAIT) >= 0;) {
      std::uint16_t event = 0;
      if (zmq_msg_more(part.raw()) == 0 || part.size() < sizeof event) continue;  // the address
      std::memcpy(&event, part.data(), sizeof event);
      is_in_ = is_in_ || event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
      is_away_ = is_away_ || (event & turned_away) != 0;
    }
    message answer;
    is_answered_ = is_answered_ || zmq_msg_recv(answer.raw(), socket_.get(), ZMQ_DONTWAIT) >= 0;
  }
  [[nodiscard]] bool was_let_in() const noexcept { return is_in_ || is_answered_; }
  [[nodiscard]] bool was_turned_away() const noexcept { return is_away_; }
  [[nodiscard]] bool was_answered() const noexcept { return is_answered_; }
  void add_to(std::vector<zmq_pollitem_t>& items) const {
    items.push_back({socket_.get(), 0, ZMQ_POLLIN, 0});
    items.push_back({monitor_.get(), 0, ZMQ_POLLIN, 0});
  }

private:
  [[nodiscard]] bool set_keys(const std::string& server, const curve_keys& own) noexcept {
    const auto set = [this](int option, const std::string& key) {
      return zmq_setsockopt(socket_.get(), option, key.c_str(), key.size() + 1) == 0;
    };
    return set(ZMQ_CURVE_SERVERKEY, server) && set(ZMQ_CURVE_PUBLICKEY, own.public_key) &&
           set(ZMQ_CURVE_SECRETKEY, own.secret_key);
  }

  socket_handle socket_;
  socket_handle monitor_;
  bool is_in_ = false;
  bool is_away_ = false;
  bool is_answered_ = false;
};

error let_in(const door& at, const char* who) {
  return fatal_error(errc::denied, at.address + " lets in " + who + ": this node would be open to anybody");
}

}  // namespace

result<void> check_door(zmq_context& context, const door& at, const curve_keys& known, const curve_keys& strange,
                        milliseconds timeout) {
  visitor bare;
  visitor stranger;
  visitor friendly;
  if (!bare.knock(context, at, {}) || !stranger.knock(context, at, strange) || !friendly.knock(context, at, known)) {
    return fatal_error(errc::io_error, at.address + " cannot be tried: " + zmq_strerror(zmq_errno()));
  }
  const auto until = clock::now() + timeout;
  for (;;) {
    for (auto* v : {&bare, &stranger, &friendly}) v->look();
    if (bare.was_let_in()) return let_in(at, "connections without a key");
    if (stranger.was_let_in()) return let_in(at, "keys that it does not know");
    if (bare.was_turned_away() && stranger.was_turned_away() && friendly.was_answered()) return {};
    const auto left = std::chrono::ceil<milliseconds>(until - clock::now());
    if (left.count() <= 0) break;
    std::vector<zmq_pollitem_t> items;
    for (const auto* v : {&bare, &stranger, &friendly}) v->add_to(items);
    (void)zmq_poll(items.data(), static_cast<int>(items.size()), std::min<long>(left.count(), 100));
  }
  return retryable_error(errc::timeout, at.address +
                                            (friendly.was_answered() ? " did not turn strangers away within "
                                                                     : " did not answer a key that it knows within ") +
                                            std::to_string(timeout.count()) + " ms");
}

}  // namespace millrace::transport
