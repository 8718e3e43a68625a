#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "node/alerts/alert_notifier.hpp"
#include "node/alerts/alert_readings.hpp"

namespace millrace::node {

/// Watches the topologies of a process by the rules of a file, and tells people. Thread: `active` any, the rest one.
class alert_watch {
public:
  /// Errors: those of `load_alerts`.
  [[nodiscard]] static result<std::unique_ptr<alert_watch>> open(const std::string& file, alert_notifier::logger log);

  /// Looks once a second, however often it is called; `topologies` is called when it does, and `ask` when rules are
  /// about state.
  void look(std::chrono::steady_clock::time_point now,
            const std::function<std::vector<measured_topology>()>& topologies, const state_readings::asker& ask);

  /// What fires now, in maintenance too: `{"alerts": [{"topology", "rule", "severity", "actor", "measure", "value",
  /// "worst", "limit", "since", "in_maintenance"}], "rules"}`, the worst first. `topology`: of that one alone; empty:
  /// of all.
  [[nodiscard]] nlohmann::json active(const std::string& topology) const;

private:
  alert_watch(alert_settings settings, alert_notifier::logger log);

  alert_readings readings_;
  state_readings states_;
  mutable std::mutex mutex_;
  engine::alert_evaluator evaluator_;
  const std::vector<engine::maintenance_window> maintenance_;
  const std::size_t rules_;
  alert_notifier notifier_;
  std::chrono::steady_clock::time_point looked_{};
};

/// What is said about alerts where there are no rules.
[[nodiscard]] error no_alert_rules();

}  // namespace millrace::node
