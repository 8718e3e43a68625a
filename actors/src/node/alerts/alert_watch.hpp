#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "node/alerts/alert_notifier.hpp"
#include "node/alerts/alert_readings.hpp"
#include "node/alerts/firing_alerts.hpp"
#include "node/alerts/state_look.hpp"

namespace millrace::node {

/// Whether values that actors keep of a stream are shown, which are more than figures of a topology.
enum class state_values : bool { hidden, shown };

/// Watches the topologies of a process by the rules of a file, and tells people. Thread: `active` and `firing` any, the
/// rest one.
class alert_watch {
public:
  /// `aside`: where tasks are asked for their state; null: on a thread of its own. Errors: those of `load_alerts`.
  [[nodiscard]] static result<std::unique_ptr<alert_watch>> open(const std::string& file, alert_notifier::logger log,
                                                                 state_look::executor aside = {});

  /// Looks once a second, however often it is called; `topologies` is called when it does. When rules are about state
  /// `ask` is called aside, until `stop_asking` has returned; what it gives counts at one of the next looks.
  void look(std::chrono::steady_clock::time_point now,
            const std::function<std::vector<measured_topology>()>& topologies, const state_readings::asker& ask);

  void stop_asking() { states_.stop(); }

  /// What fires now, in maintenance too: `{"alerts": [{"topology", "rule", "severity", "actor", "measure", "value",
  /// "worst", "limit", "since", "in_maintenance"}], "rules"}`, the worst first. `topology`: of that one alone; empty:
  /// of all. Where values of state are hidden, `value` and `worst` of such rules are null.
  [[nodiscard]] nlohmann::json active(const std::string& topology, state_values values = state_values::shown) const;

  /// How many fire now. Thread: any.
  [[nodiscard]] firing_alerts firing() const;

private:
  alert_watch(alert_settings settings, alert_notifier::logger log, state_look::executor aside);

  alert_readings readings_;
  const std::set<std::string> state_measures_;  // names
  state_look states_;
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
