#pragma once

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "node/alerts/alert_watch.hpp"
#include "node/metrics/metrics_server.hpp"

namespace millrace::node {

/// What a run of its own tells monitoring: a page, and alerts, where these are wanted. Thread: main; the page is made
/// from the newest status that was published.
class run_metrics {
public:
  /// `address`: of the page; `rules`: file of alerts; empty: none. `data_dir`: whose disk is looked at. Errors: an
  /// address that is none, or that is taken, and rules that are wrong.
  [[nodiscard]] static result<std::unique_ptr<run_metrics>> start(const std::string& address, const std::string& rules,
                                                                  std::string topology, const std::string& data_dir,
                                                                  alert_notifier::logger log);

  /// Empty: there is no page.
  [[nodiscard]] std::string url() const { return server_ == nullptr ? std::string{} : server_->url(); }
  /// What the page shows from now on. Also the sign of life. `ask`: about the run's state, for alerts; called from
  /// another thread until `stop_asking`.
  void publish(status_view view, const state_readings::asker& ask);
  /// `ask` is not called any more, nor under way, when this returns.
  void stop_asking() {
    if (alerts_ != nullptr) alerts_->stop_asking();
  }
  /// What fires now. Error: there are no rules. Thread: any.
  [[nodiscard]] result<nlohmann::json> alerts() const {
    if (alerts_ == nullptr) return no_alert_rules();
    return alerts_->active({});
  }

private:
  [[nodiscard]] measured_process process(const process_probe& probe) const;
  explicit run_metrics(std::string topology) { newest_.name = std::move(topology); }

  std::mutex mutex_;
  measured_topology newest_;
  std::unique_ptr<alert_watch> alerts_;
  std::unique_ptr<metrics_server> server_;  // destroyed first: it reads the rest
};

}  // namespace millrace::node
