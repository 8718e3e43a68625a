#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/control_server.hpp"
#include "millrace/transport/zmq_context.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {

enum class send_status { sent, full, gone };

/// A request as it came: who sent it and its bytes. `is_whole` is false for messages of more than one part.
struct raw_request {
  std::string client{};
  std::string key{};  ///< as the authentication named it; empty on local sockets
  byte_buffer bytes{};
  bool is_whole = true;
};

/// The server's socket: a ROUTER with the limits it needs to be open to others. Thread: owning, movable before use.
class router_socket {
public:
  /// Opens and listens at `address`, which is ipc:// and `path`. The path must have been claimed; removing its file is
  /// the caller's business.
  [[nodiscard]] static result<router_socket> listen(zmq_context& context, const std::string& address,
                                                    const std::filesystem::path& path);

  /// Opens and listens behind a gate to other machines (`inner`: abstract, for this process alone), with CURVE; the
  /// handler for authentication must be there.
  [[nodiscard]] static result<router_socket> listen_remote(zmq_context& context, const curve_keys& keys,
                                                           const std::string& inner);

  [[nodiscard]] void* native() const noexcept { return socket_.get(); }

  /// The next request, if one is there. Never blocks.
  [[nodiscard]] std::optional<raw_request> receive();

  /// Never blocks: `full` when the client does not read, `gone` when it is no longer connected.
  [[nodiscard]] send_status send(const std::string& client, bytes_view bytes) noexcept;

private:
  explicit router_socket(socket_handle socket) noexcept : socket_{std::move(socket)} {}

  socket_handle socket_;
};

}  // namespace millrace::transport
