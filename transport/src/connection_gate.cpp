#include "connection_gate.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "passage.hpp"

namespace millrace::transport {

namespace {

constexpr int backlog = 128;
/// How soon bounds of time are looked at while something is pending.
constexpr int tick_ms = 100;
constexpr std::string_view scheme = "tcp://";
constexpr std::string_view inner_scheme = "ipc://@";

using addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

error no_address(const std::string& address, const std::string& why) {
  return user_error(errc::invalid_argument, "cannot listen on " + address + ": " + why +
                                                "; give tcp://HOST:PORT with an address of this machine");
}

result<int> listen_at(const std::string& address) {
  const auto text = std::string_view{address}.substr(std::min(address.size(), scheme.size()));
  const auto colon = text.rfind(':');
  if (!address.starts_with(scheme) || colon == std::string_view::npos) return no_address(address, "it is no address");
  std::string host{text.substr(0, colon)};
  std::string port{text.substr(colon + 1)};
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (port == "*") port = "0";
  const auto is_all = host == "*";
  addrinfo hints{};
  hints.ai_family = is_all ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(is_all ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) return no_address(address, ::gai_strerror(failed));
  const addresses all{found, &::freeaddrinfo};
  const int fd = ::socket(all->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd >= 0 && ::bind(fd, all->ai_addr, all->ai_addrlen) == 0 && ::listen(fd, backlog) == 0) return fd;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (why == EADDRNOTAVAIL) return no_address(address, std::strerror(why));
  return fatal_error(errc::io_error, "cannot listen on " + address + ": " + std::strerror(why) +
                                         (why == EADDRINUSE ? "; another program listens there" : ""));
}

/// The address with the port that was taken.
std::string taken(const std::string& address, int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  const auto port = at.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(at).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(at).sin_port;
  return address.substr(0, address.rfind(':') + 1) + std::to_string(ntohs(port));
}

/// A connection to the abstract address behind `ipc://@`; -1: nobody listens, or too many wait.
int connect_inner(const std::string& inner) {
  const auto name = inner.substr(inner_scheme.size());
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path + 1, sizeof at.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

}  // namespace

std::string connection_gate::inner_address() {
  static std::atomic<std::uint64_t> last{0};
  return std::string{inner_scheme} + "millrace-gate-" + std::to_string(::getpid()) + "-" + std::to_string(++last);
}

result<std::unique_ptr<connection_gate>> connection_gate::open(const std::string& address, std::string inner) {
  const auto listener = listen_at(address);
  if (!listener) return listener.error();
  std::unique_ptr<connection_gate> made{new connection_gate{*listener, taken(address, *listener), std::move(inner)}};
  if (made->wake_ < 0) return fatal_error(errc::limit_exceeded, std::string{"no eventfd: "} + std::strerror(errno));
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  made->thread_ = std::thread{[gate = made.get()] { gate->run(); }};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

connection_gate::connection_gate(int listener, std::string address, std::string inner)
    : listener_{listener},
      wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
      address_{std::move(address)},
      inner_{std::move(inner)} {}

connection_gate::~connection_gate() {
  is_stopping_ = true;
  if (thread_.joinable()) {
    (void)::eventfd_write(wake_, 1);
    thread_.join();
  }
  ::close(listener_);
  if (wake_ >= 0) ::close(wake_);
}

void connection_gate::run() {
  std::vector<pollfd> items;
  while (!is_stopping_) {
    items.assign({{listener_, POLLIN, 0}, {wake_, POLLIN, 0}});
    for (const auto& p : passages_) {
      for (const auto& want : p->wants()) items.push_back(want);
    }
    const bool is_waiting = std::ranges::any_of(passages_, &passage::is_pending);
    if (::poll(items.data(), items.size(), is_waiting ? tick_ms : -1) < 0 && errno != EINTR) return;
    std::size_t at = 2;
    std::vector<bool> has_work;
    for (; at < items.size(); at += 2) has_work.push_back(items[at].revents != 0 || items[at + 1].revents != 0);
    at = 0;
    std::erase_if(passages_, [&](const auto& p) { return (has_work[at++] && !p->work()) || is_over(*p); });
    if (items.front().revents != 0) accept_all();
  }
}

bool connection_gate::is_over(passage& p) {
  if (!p.is_out_of_bounds(passage::clock::now())) return false;
  ++turned_away_;
  return true;
}

/// Before one more: the oldest that is pending makes room.
void connection_gate::make_room() {
  const auto pending =
      static_cast<std::size_t>(std::ranges::count_if(passages_, [](const auto& p) { return p->is_pending(); }));
  const bool is_full = pending >= pending_max || passages_.size() >= pending_max + open_max;
  const auto oldest = std::ranges::find_if(passages_, [](const auto& p) { return p->is_pending(); });
  if (!is_full || oldest == passages_.end()) return;
  passages_.erase(oldest);
  ++turned_away_;
}

void connection_gate::accept_all() {
  for (std::size_t i = 0; i < pending_max; ++i) {
    const int outer = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (outer < 0) return;
    make_room();
    auto open =
        static_cast<std::size_t>(std::ranges::count_if(passages_, [](const auto& p) { return !p->is_pending(); }));
    if (open >= open_max && has_stale_.exchange(false)) {
      passages_.clear();
      open = 0;
    }
    const int inner = open < open_max ? connect_inner(inner_) : -1;
    if (inner < 0) {
      ++turned_away_;
      ::close(outer);
      continue;
    }
    const int on = 1;
    ::setsockopt(outer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(outer, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    passages_.push_back(std::make_unique<passage>(outer, inner, passage::clock::now()));
  }
}

}  // namespace millrace::transport
