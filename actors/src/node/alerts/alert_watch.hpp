#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "node/alerts/alert_notifier.hpp"
#include "node/alerts/alert_readings.hpp"

namespace millrace::node {

/// Watches the topologies of a process by the rules of a file, and tells people. Thread: one.
class alert_watch {
public:
  /// Errors: those of `load_alerts`.
  [[nodiscard]] static result<std::unique_ptr<alert_watch>> open(const std::string& file, alert_notifier::logger log);

  /// Looks once a second, however often it is called; `topologies` is called when it does.
  void look(std::chrono::steady_clock::time_point now,
            const std::function<std::vector<measured_topology>()>& topologies);

private:
  alert_watch(alert_settings settings, alert_notifier::logger log);

  alert_readings readings_;
  engine::alert_evaluator evaluator_;
  alert_notifier notifier_;
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace millrace::node
