#include "node/post_queue.hpp"

#include <algorithm>
#include <utility>

#include "library/net/http_client.hpp"
#include "library/net/patient_caller.hpp"

namespace millrace::node {

namespace {

using library::call_verdict;

constexpr std::size_t answer_bytes_max = 65'536;

result<library::http_answer> call_once(library::http_client& client, const std::string& url, const std::string& body) {
  return client.call({.method = "POST", .url = url, .headers = {{"Content-Type", "application/json"}}, .body = body});
}

}  // namespace

post_queue::post_queue(limits l, lost on_lost) : limits_{l}, on_lost_{std::move(on_lost)} {}

post_queue::~post_queue() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  changed_.notify_all();
  if (caller_.joinable()) caller_.join();
  for (const auto& m : waiting_) on_lost_(m.about, "this process ends");
}

void post_queue::post(std::string url, std::string body, std::uint64_t about) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() < limits_.waiting_max) {
      waiting_.push_back({std::move(url), std::move(body), about});
      if (!caller_.joinable()) caller_ = std::thread{[this] { work(); }};
      changed_.notify_all();
      return;
    }
  }
  on_lost_(about, std::to_string(limits_.waiting_max) + " messages wait to be sent already");
}

std::uint64_t post_queue::delivered() const {
  const std::lock_guard lock{mutex_};
  return delivered_;
}

void post_queue::work() {
  for (;;) {
    message next;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
      if (is_ending_) break;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    make(next);
  }
  say_farewell();
}

void post_queue::make(const message& m) {
  library::http_client client{{.connect = limits_.connect, .whole = limits_.whole, .answer_bytes = answer_bytes_max}};
  for (int i = 1;; ++i) {
    const auto answer = call_once(client, m.url, m.body);
    const auto verdict = library::verdict_of(answer);
    if (verdict == call_verdict::done) {
      const std::lock_guard lock{mutex_};
      delivered_ += m.about;
      return;
    }
    const bool is_last = verdict != call_verdict::again || i == limits_.attempts_max;
    const auto why = library::shown_url(m.url) + " " + library::text_of(answer);
    if (is_last) return on_lost_(m.about, why);
    if (pause(limits_.first_pause * (1 << (i - 1)))) continue;
    // The owner ends: it is the first to be tried once more.
    const std::lock_guard lock{mutex_};
    waiting_.push_front(m);
    return;
  }
}

/// What still waits when the owner ends: one try each, while there is time.
void post_queue::say_farewell() {
  const auto end = std::chrono::steady_clock::now() + limits_.farewell;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    message next;
    {
      const std::lock_guard lock{mutex_};
      if (waiting_.empty() || left.count() <= 0) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    library::http_client client{{.connect = std::min(limits_.connect, left),
                                 .whole = std::min(limits_.whole, left),
                                 .answer_bytes = answer_bytes_max}};
    const auto answer = call_once(client, next.url, next.body);
    if (library::verdict_of(answer) != call_verdict::done) {
      on_lost_(next.about, library::shown_url(next.url) + " " + library::text_of(answer));
      continue;
    }
    const std::lock_guard lock{mutex_};
    delivered_ += next.about;
  }
}

bool post_queue::pause(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_for(lock, time, [this] { return is_ending_; });
}

}  // namespace millrace::node
