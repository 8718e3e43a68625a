#pragma once

#include <chrono>
#include <csignal>

namespace millrace::command {

/// Ctrl-C (SIGINT) and SIGTERM as something a loop can wait for.
///
/// The first signal only wakes `wait`; the second ends the process at once with exit code 1, straight from the handler,
/// so that nothing that hangs can keep it from ending. SIGPIPE is ignored meanwhile: a closed pipe must not cost the
/// last snapshot. The destructor restores what was there. One at a time; thread: main.
class stop_signal {
public:
  stop_signal();
  ~stop_signal();
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;

  [[nodiscard]] bool is_raised() const noexcept;
  /// Waits until a signal came (the first only) or `timeout` passed.
  void wait(std::chrono::milliseconds timeout) const;

private:
  struct sigaction int_before_ {};
  struct sigaction term_before_ {};
  struct sigaction pipe_before_ {};
};

}  // namespace millrace::command
