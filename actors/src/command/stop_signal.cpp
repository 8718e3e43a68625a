#include "command/stop_signal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "command/exit_code.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

std::atomic<int> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not take locks");
/// Written to by the handler: wakes a poll, unlike a condition variable.
std::array<int, 2> wake_pipe{-1, -1};

void on_signal(int /*number*/) {
  const int saved = errno;
  if (signals_seen.fetch_add(1) > 0) {
    console::terminal::restore_from_signal();
    ::_exit(exit_failed);
  }
  const char byte = 0;
  // A full pipe has already woken the loop.
  [[maybe_unused]] const auto n = ::write(wake_pipe[1], &byte, 1);
  errno = saved;
}

}  // namespace

stop_signal::stop_signal() {
  signals_seen = 0;
  // Without a pipe (no descriptors left) `wait` only times out, which its callers do all the time anyway.
  if (::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) wake_pipe = {-1, -1};
  struct sigaction handler {};
  handler.sa_handler = on_signal;
  handler.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &handler, &int_before_);
  ::sigaction(SIGTERM, &handler, &term_before_);
  handler.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &handler, &pipe_before_);
}

stop_signal::~stop_signal() {
  ::sigaction(SIGINT, &int_before_, nullptr);
  ::sigaction(SIGTERM, &term_before_, nullptr);
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  for (auto& end : wake_pipe) {
    if (end >= 0) ::close(end);
    end = -1;
  }
}

bool stop_signal::is_raised() const noexcept {
  return signals_seen.load() > 0;
}

void stop_signal::wait(std::chrono::milliseconds timeout) const {
  pollfd watched{wake_pipe[0], POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(timeout.count())) <= 0) return;
  // Drained, so that the wait for the last snapshot is not a busy one.
  std::array<char, 16> bytes{};
  [[maybe_unused]] const auto n = ::read(wake_pipe[0], bytes.data(), bytes.size());
}

}  // namespace millrace::command
