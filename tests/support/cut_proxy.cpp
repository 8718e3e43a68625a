#include "cut_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace millrace::testing {

namespace {

/// How soon it is noticed that connections are to be cut.
constexpr int tick_ms = 2;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

}  // namespace

cut_proxy::cut_proxy(std::uint16_t server_port)
    : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}, server_port_{server_port} {
  auto at = loopback(0);
  socklen_t size = sizeof at;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(at.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

cut_proxy::~cut_proxy() {
  is_stopping_ = true;
  thread_.join();
  std::ranges::for_each(links_, close_link);
  ::close(listener_);
}

void cut_proxy::run() {
  while (!is_stopping_) {
    if (to_cut_.exchange(false)) {
      cuts_ += static_cast<int>(links_.size());
      std::ranges::for_each(links_, close_link);
      links_.clear();
    }
    std::vector<pollfd> items{{listener_, POLLIN, 0}};
    for (const auto& l : links_) {
      items.push_back({l.client, POLLIN, 0});
      items.push_back({l.server, POLLIN, 0});
    }
    if (::poll(items.data(), items.size(), tick_ms) <= 0) continue;
    std::vector<link> still;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const auto& l = links_[i];
      const bool is_good = (items[1 + 2 * i].revents == 0 || forward(l, l.client, l.server)) &&
                           (items[2 + 2 * i].revents == 0 || forward(l, l.server, l.client));
      if (is_good) {
        still.push_back(l);
      } else {
        close_link(l);
      }
    }
    links_ = std::move(still);
    if (items.front().revents != 0) accept_one();
  }
}

void cut_proxy::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto to = loopback(server_port_);
  const int on = 1;
  for (const int fd : {client, server}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    links_.push_back({client, server});
    ++connections_;
  } else {
    close_link({client, server});
  }
}

/// False when the connection is over.
bool cut_proxy::forward(const link& l, int from, int to) {
  std::array<char, 65'536> bytes;  // NOLINT: filled by recv
  const auto size = ::recv(from, bytes.data(), bytes.size(), 0);
  if (size <= 0) return false;
  if (from == l.server && is_armed_.exchange(false)) {
    ++cuts_;
    return false;
  }
  for (ssize_t done = 0; done < size;) {
    const auto n = ::send(to, bytes.data() + done, static_cast<std::size_t>(size - done), MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += n;
  }
  return true;
}

void cut_proxy::close_link(const link& l) {
  ::close(l.client);
  ::close(l.server);
}

}  // namespace millrace::testing
