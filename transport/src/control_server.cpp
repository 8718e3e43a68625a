#include "millrace/transport/control_server.hpp"

#include <utility>

#include "control_loop.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace millrace::transport {

result<std::unique_ptr<control_server>> control_server::start(zmq_context& context, const std::string& address,
                                                              control_service service,
                                                              std::optional<remote_access> remote) {
  if (!service.on_request || (!service.on_topic && !service.topics.empty()) || (remote && !remote->find_key)) {
    return user_error(errc::invalid_argument,
                      "a control server needs functions for requests, for its topics and for keys");
  }
  auto path = path_of_address(address);
  if (!path) {
    return std::move(path).error();
  }
  std::optional<loop::remote_side> far;
  if (remote) {
    auto opened = loop::listen_remote(context, *remote);
    if (!opened) return std::move(opened).error();
    far.emplace(*std::move(opened));
  }
  if (auto claimed = claim_socket_path(*path); !claimed) {
    return std::move(claimed).error();
  }
  auto socket = router_socket::listen(context, address, *path);
  if (!socket) {
    return std::move(socket).error();
  }
  auto running =
      std::make_unique<loop>(address, std::move(*path), std::move(service), std::move(*socket), std::move(far));
  if (auto started = running->start(); !started) {
    return std::move(started).error();
  }
  return std::unique_ptr<control_server>{new control_server{std::move(running)}};
}

result<control_server::loop::remote_side> control_server::loop::listen_remote(zmq_context& context,
                                                                              const remote_access& access) {
  if (!access.address.starts_with("tcp://")) {
    return user_error(errc::invalid_argument,
                      "'" + access.address + "' is no address to listen at: give tcp://HOST:PORT");
  }
  auto known_keys = authentication::open(context, access.find_key);
  if (!known_keys) return std::move(known_keys).error();
  auto inner = connection_gate::inner_address();
  auto socket = router_socket::listen_remote(context, access.keys, inner);
  if (!socket) return std::move(socket).error();
  auto gate = connection_gate::open(access.address, std::move(inner));
  if (!gate) return std::move(gate).error();
  return remote_side{*std::move(known_keys), *std::move(socket), *std::move(gate)};
}

control_server::control_server(std::unique_ptr<loop> running) : loop_{std::move(running)} {}
control_server::~control_server() = default;

const std::string& control_server::address() const noexcept {
  return loop_->address();
}
std::string control_server::remote_address() const {
  return std::string{loop_->remote_address()};
}
std::uint64_t control_server::turns() const noexcept {
  return loop_->turns();
}
void control_server::has_stale_connections() {
  loop_->has_stale_connections();
}

void control_server::stop() {
  loop_->stop();
}

}  // namespace millrace::transport
