#include "node/alerts/alert_watch.hpp"

#include <utility>

namespace millrace::node {

namespace {

constexpr std::chrono::seconds look_every{1};

processing_time wall_now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace

result<std::unique_ptr<alert_watch>> alert_watch::open(const std::string& file, alert_notifier::logger log) {
  auto settings = load_alerts(file);
  if (!settings) return std::move(settings).error();
  return std::unique_ptr<alert_watch>{new alert_watch{*std::move(settings), std::move(log)}};
}

alert_watch::alert_watch(alert_settings settings, alert_notifier::logger log)
    : evaluator_{std::move(settings.rules), std::move(settings.maintenance), settings.group_wait},
      notifier_{std::move(settings.channels), std::move(log)} {}

void alert_watch::look(std::chrono::steady_clock::time_point now,
                       const std::function<std::vector<measured_topology>()>& topologies) {
  if (now - looked_ < look_every) return;
  looked_ = now;
  const auto wall = wall_now();
  const auto steady = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  for (const auto& group : evaluator_.evaluate(readings_.look(topologies(), now), {steady, wall})) {
    notifier_.tell(group, wall);
  }
}

}  // namespace millrace::node
