#include "support/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <list>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace support {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t buffered_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;
constexpr int backlog = 64;

sockaddr_in address_of(const std::string& tcp) {
  const std::string scheme = "tcp://";
  const auto colon = tcp.rfind(':');
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(std::stoi(tcp.substr(colon + 1))));
  if (::inet_pton(AF_INET, tcp.substr(scheme.size(), colon - scheme.size()).c_str(), &a.sin_addr) != 1) {
    throw std::runtime_error{"not an address of IPv4: " + tcp};
  }
  return a;
}

/// A close that is a reset.
void reset(int& fd) {
  if (fd < 0) return;
  const linger none{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  ::close(fd);
  fd = -1;
}

/// One way of a connection.
struct way {
  struct chunk {
    clock::time_point due;
    std::vector<char> bytes;
    std::size_t at = 0;
  };
  std::deque<chunk> chunks{};
  std::size_t buffered = 0;
  clock::time_point free_at{};  ///< when the line has sent what it has
  bool is_over = false;         ///< its source has ended
};

struct connection {
  std::array<int, 2> fds{-1, -1};
  std::array<way, 2> ways{};  ///< from fds[i] to the other
  std::uint64_t left_bytes = 0;
  bool is_frozen = false;
};

}  // namespace

class tcp_proxy::loop {
public:
  explicit loop(tcp_proxy& proxy) : proxy_{proxy}, random_{proxy.seed_} {}

  void run() {
    while (!proxy_.is_stopping_) {
      {
        const std::lock_guard lock{proxy_.mutex_};
        const auto before = std::exchange(faults_, proxy_.faults_);
        target_ = proxy_.target_;
        if (before.cut_after_bytes != faults_.cut_after_bytes) {
          for (auto& c : connections_) c.left_bytes = draw_life();
        }
        if (std::exchange(proxy_.is_cutting_, false)) cut_all();
        if (std::exchange(proxy_.is_freezing_, false)) {
          for (auto& c : connections_) c.is_frozen = true;
        }
        proxy_.changes_taken_ = proxy_.changes_;
      }
      proxy_.taken_.notify_all();
      step();
    }
    cut_all();
  }

private:
  void cut(connection& c) {
    if (c.fds[0] >= 0) ++proxy_.cuts_;
    for (auto& fd : c.fds) reset(fd);
  }
  void cut_all() {
    for (auto& c : connections_) cut(c);
    connections_.clear();
  }

  void step() {
    const auto now = clock::now();
    std::vector<pollfd> fds{{proxy_.wake_fd_, POLLIN, 0}, {proxy_.listener_, POLLIN, 0}};
    auto wait = std::chrono::milliseconds{1000};
    for (auto& c : connections_) {
      for (std::size_t i = 0; i < 2; ++i) {
        const auto& in = c.ways[i];
        const auto& out = c.ways[1 - i];
        short events = 0;
        if (!faults_.is_stalled && !c.is_frozen) {
          if (!in.is_over && in.buffered < buffered_bytes_max) events |= POLLIN;
          if (!out.chunks.empty()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(out.chunks.front().due - now);
            if (left.count() <= 0) events |= POLLOUT;
            wait = std::clamp(left, std::chrono::milliseconds{0}, wait);
          }
        }
        // A negative descriptor is passed over: poll would report a peer's end again and again.
        fds.push_back({events != 0 ? c.fds[i] : -1, events, 0});
      }
    }
    const bool is_waiting_to_write =
        std::any_of(fds.begin() + 2, fds.end(), [](auto& f) { return (f.events & POLLOUT) != 0; });
    ::poll(fds.data(), fds.size(), is_waiting_to_write ? 1000 : static_cast<int>(wait.count()));
    if (fds[0].revents != 0) {
      eventfd_t n = 0;
      static_cast<void>(::eventfd_read(proxy_.wake_fd_, &n));
      return;  // faults may have changed
    }
    std::size_t at = 2;
    for (auto& c : connections_) {
      for (std::size_t i = 0; i < 2 && c.fds[0] >= 0; ++i) {
        const auto seen = fds[at + i].revents;
        if ((seen & (POLLIN | POLLHUP | POLLERR)) != 0) read(c, i);
        if (c.fds[0] >= 0 && (seen & POLLOUT) != 0) write(c, 1 - i);
      }
      at += 2;
    }
    connections_.remove_if([](const auto& c) { return c.fds[0] < 0; });
    if (fds[1].revents != 0) accept();
  }

  void accept() {
    int fd = ::accept4(proxy_.listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (faults_.is_refusing) {
      reset(fd);
      return;
    }
    connection c;
    c.fds[0] = fd;
    c.fds[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto to = address_of(target_);
    if (::connect(c.fds[1], reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      for (auto& end : c.fds) reset(end);
      return;
    }
    const int flags = ::fcntl(c.fds[1], F_GETFL);
    ::fcntl(c.fds[1], F_SETFL, flags | O_NONBLOCK);
    const int on = 1;
    for (const int end : c.fds) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c.left_bytes = draw_life();
    connections_.push_back(std::move(c));
    ++proxy_.connections_;
  }

  std::uint64_t draw_life() {
    if (faults_.cut_after_bytes == 0) return UINT64_MAX;
    return std::uniform_int_distribution<std::uint64_t>{1, 2 * faults_.cut_after_bytes}(random_);
  }

  void read(connection& c, std::size_t i) {
    std::vector<char> bytes(chunk_bytes);
    const auto n = ::recv(c.fds[i], bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      // What it said before still arrives, then the other side learns of it.
      c.ways[i].is_over = true;
      if (c.ways[i].chunks.empty()) {
        for (auto& fd : c.fds) reset(fd);
      }
      return;
    }
    bytes.resize(static_cast<std::size_t>(n));
    auto& w = c.ways[i];
    const auto now = clock::now();
    w.free_at = std::max(w.free_at, now);
    if (faults_.bytes_per_s != 0) {
      w.free_at += std::chrono::nanoseconds{1'000'000'000ULL * bytes.size() / faults_.bytes_per_s};
    }
    w.buffered += bytes.size();
    w.chunks.push_back({w.free_at + faults_.delay, std::move(bytes)});
  }

  void write(connection& c, std::size_t i) {
    auto& w = c.ways[i];
    const auto now = clock::now();
    while (!w.chunks.empty() && w.chunks.front().due <= now) {
      auto& front = w.chunks.front();
      const auto wanted = std::min<std::uint64_t>(front.bytes.size() - front.at, c.left_bytes);
      const auto n =
          ::send(c.fds[1 - i], front.bytes.data() + front.at, static_cast<std::size_t>(wanted), MSG_NOSIGNAL);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (n < 0) {
        for (auto& fd : c.fds) reset(fd);
        return;
      }
      proxy_.bytes_ += static_cast<std::uint64_t>(n);
      if (c.left_bytes != UINT64_MAX && (c.left_bytes -= static_cast<std::uint64_t>(n)) == 0) {
        cut(c);
        return;
      }
      front.at += static_cast<std::size_t>(n);
      w.buffered -= static_cast<std::size_t>(n);
      if (front.at == front.bytes.size()) w.chunks.pop_front();
    }
    if (w.is_over && w.chunks.empty()) {
      for (auto& fd : c.fds) reset(fd);
    }
  }

  tcp_proxy& proxy_;
  std::mt19937_64 random_;
  line_faults faults_;
  std::string target_;
  std::list<connection> connections_;
};

tcp_proxy::tcp_proxy(const std::string& target, std::uint64_t seed) : target_{target}, seed_{seed} {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto at = address_of("tcp://127.0.0.1:0");
  socklen_t size = sizeof at;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
      ::listen(listener_, backlog) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    throw std::runtime_error{"the proxy cannot listen"};
  }
  address_ = "tcp://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread{[this] { loop{*this}.run(); }};
}

tcp_proxy::~tcp_proxy() {
  is_stopping_ = true;
  wake();
  thread_.join();
  ::close(listener_);
  ::close(wake_fd_);
}

void tcp_proxy::wake() const {
  static_cast<void>(::eventfd_write(wake_fd_, 1));
}

template <class Change>
void tcp_proxy::apply(Change change) {
  std::unique_lock lock{mutex_};
  change();
  const auto mine = ++changes_;
  wake();
  taken_.wait(lock, [&] { return changes_taken_ >= mine; });
}

void tcp_proxy::set(const line_faults& faults) {
  apply([&] { faults_ = faults; });
}

void tcp_proxy::cut() {
  apply([&] { is_cutting_ = true; });
}

void tcp_proxy::freeze() {
  apply([&] { is_freezing_ = true; });
}

void tcp_proxy::set_target(const std::string& target) {
  apply([&] { target_ = target; });
}

}  // namespace support
