#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>

#include "sanitizer.hpp"

namespace millrace::tests {

/// A client that says exactly what it is told to, one connection at a time.
class http_probe {
public:
  /// `address` as 127.0.0.1:8080.
  explicit http_probe(const std::string& address) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    const timeval limit{20 * patience, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    is_connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  http_probe(const http_probe&) = delete;
  http_probe& operator=(const http_probe&) = delete;
  ~http_probe() { ::close(fd_); }

  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  void say(const std::string& text) const { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  void post(const std::string& body, const std::string& headers = "", const std::string& path = "/events") const {
    say("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers +
        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  void get(const std::string& path) const { say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  struct answer {
    int status = 0;  ///< 0: the connection ended
    std::string head;
    std::string body;
  };
  /// The next answer, whose length must be in its head.
  [[nodiscard]] answer read() {
    answer out;
    auto end = std::string::npos;
    while ((end = got_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return out;
    }
    out.head = got_.substr(0, end);
    got_.erase(0, end + 4);
    const auto length = out.head.find("Content-Length: ");
    const auto bytes = length == std::string::npos ? 0 : std::stoul(out.head.substr(length + 16));
    while (got_.size() < bytes) {
      if (!more()) return {};
    }
    out.body = got_.substr(0, bytes);
    got_.erase(0, bytes);
    out.status = std::stoi(out.head.substr(9, 3));
    return out;
  }
  /// True when something came within so many milliseconds.
  [[nodiscard]] bool has_answer_within(int ms) const {
    const timeval limit{ms / 1000, (ms % 1000) * 1000};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char c = 0;
    const bool is_there = ::recv(fd_, &c, 1, MSG_PEEK) > 0;
    const timeval usual{20 * patience, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &usual, sizeof usual);
    return is_there;
  }

private:
  bool more() {
    char part[4096];
    const auto n = ::recv(fd_, part, sizeof part, 0);
    if (n <= 0) return false;
    got_.append(part, static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  bool is_connected_ = false;
  std::string got_;
};

}  // namespace millrace::tests
