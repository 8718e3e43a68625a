#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "millrace/error.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/transport/control_server.hpp"
#include "node/looking/look_desk.hpp"
#include "node/metrics/run_metrics.hpp"
#include "node/status_view.hpp"
#include "node/tracing/trace_watch.hpp"

namespace millrace::node {

/// The control socket of a run: other programs of this user ask for its status, watch it, and stop it or have it take a
/// snapshot (verbs and topic: docs/command-line.md).
///
/// Owned by the run's session and destroyed before the run. Thread: main; requests are answered on the server's thread
/// from the newest status that was published.
class run_control {
public:
  /// `metrics`: null when nobody asked for any; it and the others outlive the control.
  /// Listens on `<topology>-<pid>.sock` in the user's runtime folder. Errors: those of the control server.
  [[nodiscard]] static result<std::unique_ptr<run_control>> open(const std::string& topology, std::string data_dir,
                                                                 runtime::topology_run& run, const trace_watch& traces,
                                                                 const run_metrics* metrics);

  [[nodiscard]] const std::string& address() const noexcept { return server_->address(); }
  /// What status requests and subscribers get from now on.
  void publish(status_view view);
  /// Somebody asked for the end of the run.
  [[nodiscard]] bool is_stop_wanted() const noexcept { return is_stop_wanted_.load(); }

private:
  run_control(std::string topology, std::string data_dir, runtime::topology_run& run, const trace_watch& traces,
              const run_metrics* metrics)
      : topology_{std::move(topology)}, data_dir_{std::move(data_dir)}, run_{run}, traces_{traces}, metrics_{metrics} {}
  [[nodiscard]] result<nlohmann::json> answer(const std::string& verb);
  [[nodiscard]] result<nlohmann::json> why();
  [[nodiscard]] nlohmann::json status();
  [[nodiscard]] result<nlohmann::json> telemetry(const nlohmann::json& choice);
  [[nodiscard]] nlohmann::json with_process(nlohmann::json j) const;

  std::string topology_;
  std::string data_dir_;
  runtime::topology_run& run_;
  const trace_watch& traces_;
  const run_metrics* const metrics_;  ///< null: neither metrics nor alerts
  std::atomic<bool> is_stop_wanted_{false};
  std::mutex mutex_;
  status_view newest_;
  look_desk desk_{run_};
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<transport::control_server> server_;
};

}  // namespace millrace::node
