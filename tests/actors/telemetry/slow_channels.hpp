#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/engine/assembly.hpp"

namespace millrace::trial {

/// Channels on which frames are long on their way, as over a bad line: a frame is received `delay` after it came.
class slow_channels {
public:
  using ends = engine::channel_factory::ends;
  using clock = std::chrono::steady_clock;

  explicit slow_channels(std::chrono::milliseconds delay)
      : delay_{delay}, ringer_{[this](std::stop_token s) { ring(s); }} {}

  [[nodiscard]] ends around(ends inner, const std::shared_ptr<engine::doorbell>& receiver) {
    const std::lock_guard lock{mutex_};
    bells_.push_back(receiver);
    inner.second = std::make_unique<late_receiver>(std::move(inner.second), delay_);
    return inner;
  }

private:
  class late_receiver final : public engine::channel_receiver {
  public:
    late_receiver(std::unique_ptr<engine::channel_receiver> inner, std::chrono::milliseconds delay)
        : inner_{std::move(inner)}, delay_{delay} {}
    engine::receive_status receive(engine::frame& out) override {
      engine::frame f;
      for (;;) {
        const auto got = inner_->receive(f);
        if (got == engine::receive_status::broken) return got;
        if (got == engine::receive_status::empty) break;
        coming_.emplace_back(clock::now() + delay_, std::move(f));
      }
      if (coming_.empty() || clock::now() < coming_.front().first) return engine::receive_status::empty;
      out = std::move(coming_.front().second);
      coming_.pop_front();
      return engine::receive_status::received;
    }
    void give_credit(engine::credit c) override { inner_->give_credit(c); }
    std::string failure() const override { return inner_->failure(); }

  private:
    std::unique_ptr<engine::channel_receiver> inner_;
    std::chrono::milliseconds delay_;
    std::deque<std::pair<clock::time_point, engine::frame>> coming_;  // bounded by the channel's credit
  };

  // Nobody else wakes a receiver for a frame that was not due when its sender rang.
  void ring(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (!stop.stop_requested()) {
      for (const auto& weak : bells_) {
        if (const auto bell = weak.lock()) bell->ring();
      }
      wake_.wait_for(lock, stop, std::chrono::milliseconds{2}, [] { return false; });
    }
  }

  std::chrono::milliseconds delay_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::weak_ptr<engine::doorbell>> bells_;
  std::jthread ringer_;
};

}  // namespace millrace::trial
