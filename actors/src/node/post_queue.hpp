#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace millrace::node {

/// Sends JSON to web addresses on a thread of its own, so that nothing wrong over there holds anybody up here.
///
/// Bounded in every way: so many messages wait, each is tried so often with pauses that double, each try has a
/// deadline. What was not delivered is told to `on_lost`. The thread starts with the first message. Thread: any.
class post_queue {
public:
  struct limits {
    std::size_t waiting_max = 64;
    int attempts_max = 4;
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds whole{10'000};
    std::chrono::milliseconds farewell{0};  ///< at the end, what waits is tried once each for so long
  };
  /// `what`: how many things the message was about; `why` ends a sentence. Called from the queue's thread or the
  /// caller's.
  using lost = std::function<void(std::uint64_t what, const std::string& why)>;

  post_queue(limits l, lost on_lost);
  ~post_queue();
  post_queue(const post_queue&) = delete;
  post_queue& operator=(const post_queue&) = delete;

  void post(std::string url, std::string body, std::uint64_t about = 1);
  [[nodiscard]] std::uint64_t delivered() const;

private:
  struct message {
    std::string url;
    std::string body;
    std::uint64_t about = 0;
  };
  void work();
  void make(const message& m);
  void say_farewell();
  /// False: the queue ends.
  [[nodiscard]] bool pause(std::chrono::milliseconds time);

  const limits limits_;
  const lost on_lost_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<message> waiting_;
  std::uint64_t delivered_ = 0;
  bool is_ending_ = false;
  std::thread caller_;
};

}  // namespace millrace::node
