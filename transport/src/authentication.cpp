#include "authentication.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

namespace millrace::transport {

namespace {

// What a request consists of: version, id, domain, address, identity, mechanism, credentials.
constexpr std::size_t id_part = 1;
constexpr std::size_t mechanism_part = 5;
constexpr std::size_t key_part = 6;
constexpr std::size_t key_bytes = 32;

/// All parts of the message that waits; empty: none does.
std::vector<std::string> receive(void* socket) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    message part;
    if (zmq_msg_recv(part.raw(), socket, ZMQ_DONTWAIT) < 0) return {};
    parts.emplace_back(reinterpret_cast<const char*>(part.data()), part.size());
    more = zmq_msg_more(part.raw()) != 0;
  }
  return parts;
}

}  // namespace

result<authentication> authentication::open(zmq_context& context, find_key find) {
  socket_handle socket{zmq_socket(context.native(), ZMQ_REP)};
  if (!socket || !set_option(socket.get(), ZMQ_LINGER, 0) || zmq_bind(socket.get(), "inproc://zeromq.zap.01") != 0) {
    return fatal_error(errc::in_use, std::string{"connections cannot be authenticated: "} + zmq_strerror(zmq_errno()));
  }
  return authentication{std::move(socket), std::move(find)};
}

void authentication::answer() {
  for (;;) {
    const auto request = receive(socket_.get());
    if (request.empty()) return;
    const bool is_whole = request.size() > key_part;
    const auto key = is_whole ? admit(request[mechanism_part], request[key_part]) : std::nullopt;
    const std::array<std::string, 6> reply{"1.0",
                                           request.size() > id_part ? request[id_part] : std::string{},
                                           key ? "200" : "400",
                                           key ? "OK" : "the key is not known here",
                                           key.value_or(""),
                                           ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
      const int flags = i + 1 < reply.size() ? ZMQ_SNDMORE : 0;
      zmq_send(socket_.get(), reply[i].data(), reply[i].size(), flags | ZMQ_DONTWAIT);
    }
  }
}

std::optional<std::string> authentication::admit(const std::string& mechanism, const std::string& key) const {
  if (mechanism != "CURVE" || key.size() != key_bytes) return std::nullopt;
  std::array<char, 41> text{};
  if (zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()), key_bytes) == nullptr) {
    return std::nullopt;
  }
  auto id = find_(text.data());
  // Without a name its messages would pass for those of a local socket.
  if (id && id->empty()) return std::nullopt;
  return id;
}

}  // namespace millrace::transport
