#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/alerts/state_readings.hpp"
#include "node/side_thread.hpp"

namespace millrace::node {

/// Keeps whoever watches from waiting for tasks that are asked for their state: a look is done on a thread of its own,
/// one at a time, and what it found is there at one of the next turns. Thread: one owner.
class state_look {
public:
  /// Has done a piece of work when it returns.
  using executor = std::function<void(std::function<void()>)>;

  /// `aside`: where looks are done; null: on a thread of its own.
  state_look(std::vector<state_measure> measures, state_readings::logger log, executor aside);
  /// As `stop`.
  ~state_look() { stop(); }
  state_look(const state_look&) = delete;
  state_look& operator=(const state_look&) = delete;

  [[nodiscard]] bool is_empty() const noexcept { return readings_.is_empty(); }
  /// Begins a look, unless one is under way.
  void begin(std::vector<std::string> running, state_readings::asker ask, state_readings::time_point now);
  /// What looks that are over have found since the last call.
  [[nodiscard]] std::vector<engine::alert_reading> take();
  /// Waits for the question that is being answered; nobody is asked afterwards.
  void stop();

private:
  state_readings readings_;  // of whoever looks
  const executor aside_;
  std::atomic<bool> is_looking_{false};
  std::atomic<bool> is_over_{false};
  std::mutex mutex_;
  std::vector<engine::alert_reading> found_;
  std::optional<side_thread> thread_;
};

}  // namespace millrace::node
