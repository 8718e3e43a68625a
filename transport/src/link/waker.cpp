#include "link/waker.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace millrace::transport::link {

result<std::shared_ptr<waker>> waker::open() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return fatal_error(errc::limit_exceeded, std::string{"cannot make an eventfd: "} + std::strerror(errno));
  return std::shared_ptr<waker>{new waker{fd}};
}

waker::~waker() {
  ::close(fd_);
}

void waker::call() noexcept {
  is_called_.store(true);
  if (is_asleep_.exchange(false)) static_cast<void>(::eventfd_write(fd_, 1));
}

bool waker::lie_down() noexcept {
  is_asleep_.store(true);
  if (!is_called_.load()) return true;
  is_asleep_.store(false);
  return false;
}

void waker::rise(bool is_readable) noexcept {
  is_asleep_.store(false);
  if (!is_readable) return;
  eventfd_t calls = 0;
  static_cast<void>(::eventfd_read(fd_, &calls));
}

}  // namespace millrace::transport::link
