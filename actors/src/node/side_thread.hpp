#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace millrace::node {

/// Does one piece of work at a time on a thread of its own, for those whose other work must not wait for it. The
/// destructor waits for what is under way. Thread: one owner; `is_busy` any.
class side_thread {
public:
  side_thread() = default;
  ~side_thread();
  side_thread(const side_thread&) = delete;
  side_thread& operator=(const side_thread&) = delete;

  /// Nothing is under way, and `work` throws nothing. Where no thread is to be had it is done here.
  void start(std::function<void()> work);
  /// All that the work did is seen by whoever is told that it is over.
  [[nodiscard]] bool is_busy() const noexcept { return is_busy_; }

private:
  std::atomic<bool> is_busy_{false};
  std::thread thread_;
};

}  // namespace millrace::node
