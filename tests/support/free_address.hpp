#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace support {

/// tcp://127.0.0.1:PORT with a port that nobody listened at a moment ago: for who needs the same one for several lives.
/// Somebody else may take it meanwhile. Throws std::runtime_error when there is none.
[[nodiscard]] inline std::string free_address() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool is_bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0 &&
                        ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  ::close(fd);
  if (!is_bound) throw std::runtime_error("there is no free port");
  return "tcp://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

}  // namespace support
