#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "millrace/engine/alerts.hpp"
#include "node/metrics/metrics_text.hpp"

namespace millrace::node {

/// Whether rules may name it; what there is: docs/monitoring.md.
[[nodiscard]] bool is_alert_measure(const std::string& name);
/// All of them, for messages.
[[nodiscard]] std::string alert_measures_text();

/// Makes readings of what topologies tell. Rates are over the time since the look before, restarts over ten minutes.
/// Thread: one.
class alert_readings {
public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] std::vector<engine::alert_reading> look(const std::vector<measured_topology>& topologies,
                                                        time_point now);

private:
  struct totals {
    std::uint64_t dead_letters = 0, late = 0, retries = 0, events_in = 0;
  };
  struct restart_count {
    time_point at;
    std::uint64_t restarts;
  };
  void look_at_run(const measured_topology& t, time_point now, std::vector<engine::alert_reading>& out);
  void look_at_actors(const measured_topology& t, double seconds, std::vector<engine::alert_reading>& out);

  std::map<std::string, totals> before_;  // by topology/actor
  std::map<std::string, std::deque<restart_count>> restarts_;
  time_point looked_{};
};

}  // namespace millrace::node
