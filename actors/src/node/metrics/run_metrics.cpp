#include "node/metrics/run_metrics.hpp"

#include <utility>

namespace millrace::node {

result<std::unique_ptr<run_metrics>> run_metrics::start(const std::string& address, const std::string& rules,
                                                        std::string topology, const std::string& data_dir,
                                                        alert_notifier::logger log) {
  std::unique_ptr<run_metrics> made{new run_metrics{std::move(topology)}};
  made->newest_.state = "starting";
  if (!rules.empty()) {
    auto alerts = alert_watch::open(rules, log);
    if (!alerts) return std::move(alerts).error();
    made->alerts_ = *std::move(alerts);
  }
  if (address.empty()) return made;
  auto server = metrics_server::start(
      address,
      [m = made.get()] {
        const std::lock_guard lock{m->mutex_};
        return std::vector{m->newest_};
      },
      [m = made.get(), probe = process_probe{data_dir}] { return m->process(probe); });
  if (!server) return std::move(server).error();
  made->server_ = *std::move(server);
  if (made->server_->is_open_to_others()) {
    log(log_level::warning, "whoever reaches " + made->url() + " may read the metrics of this run");
  }
  return made;
}

measured_process run_metrics::process(const process_probe& probe) const {
  measured_process out{.own = probe.look()};
  if (alerts_ != nullptr) out.firing = alerts_->firing();
  return out;
}

void run_metrics::publish(status_view view, const state_readings::asker& ask) {
  if (server_ != nullptr) server_->beat();
  {
    const std::lock_guard lock{mutex_};
    newest_.state = view.run.state;
    newest_.is_running = view.run.state == "running" || view.run.state == "paused";
    newest_.has_failed = view.run.state == "failed";
    newest_.view = std::move(view);
  }
  // Nobody else writes: what is read here without the lock stays as it is.
  if (alerts_ == nullptr) return;
  alerts_->look(
      std::chrono::steady_clock::now(), [this] { return std::vector{newest_}; }, ask);
}

}  // namespace millrace::node
