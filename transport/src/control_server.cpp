#include "millrace/transport/control_server.hpp"

#include <utility>

#include "control_loop.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace millrace::transport {

result<std::unique_ptr<control_server>> control_server::start(zmq_context& context, const std::string& address,
                                                              control_service service) {
  if (!service.on_request || (!service.on_topic && !service.topics.empty())) {
    return user_error(errc::invalid_argument, "a control server needs a function for requests and one for its topics");
  }
  auto path = path_of_address(address);
  if (!path) {
    return std::move(path).error();
  }
  if (auto claimed = claim_socket_path(*path); !claimed) {
    return std::move(claimed).error();
  }
  auto socket = router_socket::listen(context, address, *path);
  if (!socket) {
    return std::move(socket).error();
  }
  auto running = std::make_unique<loop>(address, std::move(*path), std::move(service), std::move(*socket));
  if (auto started = running->start(); !started) {
    return std::move(started).error();
  }
  return std::unique_ptr<control_server>{new control_server{std::move(running)}};
}

control_server::control_server(std::unique_ptr<loop> running) : loop_{std::move(running)} {}
control_server::~control_server() = default;

const std::string& control_server::address() const noexcept {
  return loop_->address();
}
void control_server::stop() {
  loop_->stop();
}

}  // namespace millrace::transport
