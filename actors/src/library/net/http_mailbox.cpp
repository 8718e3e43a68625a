#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "library/net/http_loop.hpp"

namespace millrace::library::detail {

http_mailbox::http_mailbox() : bell_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "no descriptor for a server's bell");
}

http_mailbox::~http_mailbox() {
  ::close(bell_);
}

void http_mailbox::put(std::uint64_t id, http_answer answer) {
  {
    const std::lock_guard lock{mutex_};
    answers_.emplace_back(id, std::move(answer));
  }
  ring();
}

void http_mailbox::ring() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(bell_, &one, sizeof one);  // full: it rings already
}

std::vector<std::pair<std::uint64_t, http_answer>> http_mailbox::take() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto got = ::read(bell_, &rings, sizeof rings);
  const std::lock_guard lock{mutex_};
  return std::exchange(answers_, {});
}

}  // namespace millrace::library::detail
