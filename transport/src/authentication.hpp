#pragma once

#include <functional>
#include <optional>
#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/zmq_context.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {

/// Answers ZeroMQ's questions whether a connection may be made (ZAP, RFC 27): for CURVE alone, by the client's public
/// key. One a context, opened before the sockets that need it. Thread: owning.
class authentication {
public:
  using find_key = std::function<std::optional<std::string>(const std::string& public_key)>;
  /// Error (`in_use`): this context has one.
  [[nodiscard]] static result<authentication> open(zmq_context& context, find_key find);

  [[nodiscard]] void* native() const noexcept { return socket_.get(); }
  /// Answers what waits. Never blocks.
  void answer();

private:
  authentication(socket_handle socket, find_key find) : socket_{std::move(socket)}, find_{std::move(find)} {}
  [[nodiscard]] std::optional<std::string> admit(const std::string& mechanism, const std::string& key) const;

  socket_handle socket_;
  find_key find_;
};

}  // namespace millrace::transport
