#include "node/alerts/alert_watch.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "node/wall_clock.hpp"

namespace millrace::node {

namespace {

constexpr std::chrono::seconds look_every{1};

std::set<std::string> names_of(const std::vector<state_measure>& measures) {
  std::set<std::string> out;
  for (const auto& m : measures) out.insert(m.name());
  return out;
}

}  // namespace

result<std::unique_ptr<alert_watch>> alert_watch::open(const std::string& file, alert_notifier::logger log,
                                                       state_look::executor aside) {
  auto settings = load_alerts(file);
  if (!settings) return std::move(settings).error();
  return std::unique_ptr<alert_watch>{new alert_watch{*std::move(settings), std::move(log), std::move(aside)}};
}

alert_watch::alert_watch(alert_settings settings, alert_notifier::logger log, state_look::executor aside)
    : state_measures_{names_of(settings.states)},
      states_{std::move(settings.states), log, std::move(aside)},
      evaluator_{settings.rules, settings.maintenance, settings.group_wait},
      maintenance_{std::move(settings.maintenance)},
      rules_{settings.rules.size()},
      notifier_{std::move(settings.channels), std::move(log)} {}

void alert_watch::look(std::chrono::steady_clock::time_point now,
                       const std::function<std::vector<measured_topology>()>& topologies,
                       const state_readings::asker& ask) {
  if (now - looked_ < look_every) return;
  looked_ = now;
  const auto wall = wall_now();
  const auto steady = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  const auto seen = topologies();
  auto readings = readings_.look(seen, now);
  if (!states_.is_empty()) {
    std::vector<std::string> running;
    for (const auto& t : seen) {
      if (t.is_running) running.push_back(t.name);
    }
    states_.begin(std::move(running), ask, now);
    std::ranges::move(states_.take(), std::back_inserter(readings));
  }
  const auto groups = [&] {
    const std::lock_guard lock{mutex_};
    return evaluator_.evaluate(readings, {steady, wall});
  }();
  for (const auto& group : groups) notifier_.tell(group, wall);
}

nlohmann::json alert_watch::active(const std::string& topology, state_values values) const {
  const auto wall = wall_now();
  auto notices = [&] {
    const std::lock_guard lock{mutex_};
    return evaluator_.active();
  }();
  std::ranges::stable_sort(notices, std::ranges::greater{}, &engine::alert_notice::severity);
  auto alerts = nlohmann::json::array();
  for (const auto& n : notices) {
    if (!topology.empty() && n.topology != topology) continue;
    auto one = to_json(n);
    one.erase("what");
    one["topology"] = n.topology;
    if (values == state_values::hidden && state_measures_.contains(n.measure)) one["value"] = one["worst"] = nullptr;
    one["in_maintenance"] = std::ranges::any_of(
        maintenance_, [&](const engine::maintenance_window& m) { return m.covers(n.topology, wall); });
    alerts.push_back(std::move(one));
  }
  return {{"alerts", std::move(alerts)}, {"rules", rules_}};
}

firing_alerts alert_watch::firing() const {
  const auto notices = [&] {
    const std::lock_guard lock{mutex_};
    return evaluator_.active();
  }();
  firing_alerts out;
  for (const auto& n : notices) {
    switch (n.severity) {
      case engine::alert_severity::info:
        ++out.info;
        break;
      case engine::alert_severity::warning:
        ++out.warning;
        break;
      case engine::alert_severity::critical:
        ++out.critical;
        break;
    }
  }
  return out;
}

error no_alert_rules() {
  return user_error(errc::unavailable,
                    "nothing is watched by rules: give it a file of them with --alerts, "
                    "docs/monitoring.md says what is in it");
}

}  // namespace millrace::node
