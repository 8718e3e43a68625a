#include "node/alerts/state_look.hpp"

#include <utility>

namespace millrace::node {

state_look::state_look(std::vector<state_measure> measures, state_readings::logger log, executor aside)
    : readings_{std::move(measures), std::move(log)}, aside_{std::move(aside)} {
  if (!aside_) thread_.emplace();
}

void state_look::begin(std::vector<std::string> running, state_readings::asker ask, state_readings::time_point now) {
  if (is_over_ || is_looking_.exchange(true)) return;
  auto work = [this, names = std::move(running), a = std::move(ask), now] {
    const auto until_over = [&](const std::string& topology, const nlohmann::json& args) -> result<nlohmann::json> {
      if (is_over_) return retryable_error(errc::cancelled, "nobody is asked any more");
      return a(topology, args);
    };
    std::vector<engine::alert_reading> seen;
    readings_.look(names, until_over, now, seen);
    {
      const std::lock_guard lock{mutex_};
      // The newest look has the newest values; of one that nobody has taken nothing is of use beside it.
      found_ = std::move(seen);
    }
    is_looking_ = false;
  };
  if (aside_) return aside_(std::move(work));
  thread_->start(std::move(work));
}

std::vector<engine::alert_reading> state_look::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(found_, {});
}

void state_look::stop() {
  is_over_ = true;
  thread_.reset();
}

}  // namespace millrace::node
