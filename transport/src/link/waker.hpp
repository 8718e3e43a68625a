#pragma once

#include <atomic>
#include <memory>

#include "millrace/error.hpp"

namespace millrace::transport::link {

/// Lets any thread call the hub's: a system call only when that one sleeps.
///
/// No call is lost: a caller stores `is_called`, then exchanges `is_asleep`; the hub stores `is_asleep`, then loads
/// `is_called`. All four are sequentially consistent.
class waker {
public:
  [[nodiscard]] static result<std::shared_ptr<waker>> open();
  ~waker();
  waker(const waker&) = delete;
  waker& operator=(const waker&) = delete;

  /// Thread: any.
  void call() noexcept;

  /// Whether there was a call since the last time. Thread: hub, as all below.
  [[nodiscard]] bool take_call() noexcept {
    return is_called_.load(std::memory_order_relaxed) && is_called_.exchange(false);
  }
  /// False: there was a call, do not sleep. Otherwise wait for `fd` to be readable, then `rise`,
  /// saying whether it was.
  [[nodiscard]] bool lie_down() noexcept;
  void rise(bool is_readable) noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_; }

private:
  explicit waker(int fd) noexcept : fd_{fd} {}

  std::atomic<bool> is_called_{false};
  std::atomic<bool> is_asleep_{false};
  const int fd_;
};

}  // namespace millrace::transport::link
