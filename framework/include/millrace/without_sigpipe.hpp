#pragma once

#include <csignal>
#include <ctime>

namespace millrace {

/// While it lives, writing to a connection that the other side has closed gives this thread an error instead of the
/// signal that ends the program. Threads started meanwhile inherit that. For client libraries that write without
/// MSG_NOSIGNAL. Thread: one owner.
class without_sigpipe {
public:
  without_sigpipe() noexcept {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    was_pending_ = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  without_sigpipe(const without_sigpipe&) = delete;
  without_sigpipe& operator=(const without_sigpipe&) = delete;
  ~without_sigpipe() {
    constexpr timespec now{0, 0};
    if (!was_pending_) (void)sigtimedwait(&pipe_, nullptr, &now);
    (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace millrace
