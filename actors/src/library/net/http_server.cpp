#include "library/net/http_server.hpp"

#include "library/net/http_loop.hpp"

namespace millrace::library {

void http_reply::send(http_answer answer) const {
  if (to_) to_->put(id_, std::move(answer));
}

http_server::http_server() = default;

http_server::~http_server() {
  stop();
}

result<void> http_server::start(const listen_address& at, const http_limits& limits, http_service& service) {
  auto loop = std::make_unique<detail::http_loop>(limits, service);
  const auto port = loop->listen(at);
  if (!port) return port.error();
  address_ = at;
  address_.port = *port;
  loop->run();
  loop_ = std::move(loop);
  return {};
}

void http_server::stop() noexcept {
  loop_.reset();
}

}  // namespace millrace::library
