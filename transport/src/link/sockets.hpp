#pragma once

#include <optional>
#include <string>
#include <utility>

#include "authentication.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/link_hub.hpp"
#include "millrace/transport/zmq_context.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport::link {

/// Every option is set, nothing is bound. Without keys: no security at all.
[[nodiscard]] result<socket_handle> open_router(zmq_context& context, const std::optional<curve_keys>& keys);
/// `errno` of ZeroMQ in the error's place: the caller may try again.
[[nodiscard]] result<std::string> bind_router(void* router, const std::string& address);

/// A DEALER that dials the peer, and the socket that tells of its connections.
class dialled {
public:
  dialled(socket_handle socket, socket_handle monitor) noexcept
      : socket_{std::move(socket)}, monitor_{std::move(monitor)} {}
  dialled(dialled&&) noexcept = default;
  dialled& operator=(dialled&& other) noexcept;
  ~dialled() { hang_up(); }

  [[nodiscard]] void* socket() const noexcept { return socket_.get(); }
  [[nodiscard]] void* monitor() const noexcept { return monitor_.get(); }

private:
  void hang_up() noexcept;

  socket_handle socket_;
  socket_handle monitor_;
};
[[nodiscard]] result<dialled> dial(zmq_context& context, const std::optional<curve_keys>& keys, const link_peer& peer);

/// What became of a connection, as a monitor tells.
enum class connection_news { none, made, gone, refused };
[[nodiscard]] connection_news next_news(void* monitor) noexcept;

/// Makes sure that a key nobody knows is refused at `address`: dials with one, answers through `door`, which must be
/// asked and say no. Error (`failed`): it was not.
[[nodiscard]] result<void> try_stranger(zmq_context& context, const curve_keys& server, const std::string& address,
                                        authentication& door);

/// Becomes readable when ZeroMQ has something to tell the socket's owner, and only then: who has not been told by the
/// socket itself that there is nothing (EAGAIN of a receive) may not wait for it.
[[nodiscard]] int descriptor_of(void* socket) noexcept;
/// Whether there is room to send. Asking takes notice of what was to be told.
[[nodiscard]] bool has_room(void* socket) noexcept;

/// Receives one part without waiting; false: there is none.
[[nodiscard]] bool receive_part(void* socket, zmq_msg_t* part) noexcept;
/// Sends one part without waiting; false: no room or no peer. The message is left alone then.
[[nodiscard]] bool send_part(void* socket, zmq_msg_t* part, int flags) noexcept;

}  // namespace millrace::transport::link
