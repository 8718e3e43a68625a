#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "chaos/child_process.hpp"
#include "chaos/experiment.hpp"
#include "millrace/topology.hpp"
#include "millrace/transport/control_client.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::chaos {

/// How a run does at one moment.
struct sample {
  std::chrono::milliseconds at{};  ///< since the run's start
  std::string phase{};
  double per_s = 0;   ///< events that sinks take in
  double lag_ms = 0;  ///< age of the oldest event that is not done
  double p99_ms = 0;  ///< worst of the sinks
};

/// A fault that was injected into the subject.
struct seen_fault {
  nlohmann::json text;
  std::chrono::milliseconds begun{};  ///< since the run's start
  std::chrono::milliseconds ended{};
  bool is_active = true;
  std::uint64_t hits = 0;
};

/// The topology an experiment is done to: a process of its own, with data, output and control socket in a folder of
/// its own, started again when a fault kills it. Its faults are renewed while somebody calls `look`: when the
/// experiment's process goes, they heal. Thread: one owner.
class subject {
public:
  /// `folder` exists. `settings`: beside those of the trial.
  subject(std::string program, const trial_settings& trial, std::string folder, std::vector<std::string> settings = {});

  /// Errors: the topology cannot be read; the process cannot be started.
  [[nodiscard]] result<void> start();
  /// Samples, renews, starts again. To be called every tenth of a second or so. Error: it ended with a failure.
  [[nodiscard]] result<void> look(const std::string& phase);
  [[nodiscard]] bool has_finished() const noexcept { return has_finished_; }
  /// A fault of this kind is about to be injected. One that ends the process may do so before it could be told of.
  void expect(const std::string& kind);
  /// Ends it with a last snapshot when it still runs.
  void stop();

  [[nodiscard]] const std::vector<sample>& samples() const noexcept { return samples_; }
  [[nodiscard]] const std::map<std::string, seen_fault>& faults() const noexcept { return faults_; }
  [[nodiscard]] bool has_active_faults() const;
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_ + process_restarts_; }
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  [[nodiscard]] bool is_running() const noexcept { return is_running_; }
  /// Of its process; 0: there is none.
  [[nodiscard]] int pid() const noexcept { return process_ ? process_->pid() : 0; }
  [[nodiscard]] std::chrono::milliseconds age() const;
  /// What activities need to reach it.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  [[nodiscard]] const std::string& program() const noexcept { return program_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  /// What its file sinks have committed. Errors: those of `read_committed`; there is no file sink.
  [[nodiscard]] result<std::vector<output_record>> output() const;
  /// Dead letters of the finished run.
  [[nodiscard]] result<std::uint64_t> dead_letters() const;
  [[nodiscard]] std::string printed_errors() const;

private:
  [[nodiscard]] result<topology> find_topology() const;
  [[nodiscard]] result<void> launch();
  [[nodiscard]] result<void> on_end(int exit_code);
  void settle_faults(const std::string& ending);
  [[nodiscard]] bool connect();
  void take_status(const std::string& phase);
  [[nodiscard]] nlohmann::json last_words() const;
  void take_summary(const nlohmann::json& summary);
  void take_faults();
  void renew();

  std::string program_;
  const trial_settings& trial_;
  std::string folder_;
  std::vector<std::string> settings_;
  std::string name_;
  std::vector<std::string> sinks_;
  std::chrono::steady_clock::time_point started_{};
  std::chrono::steady_clock::time_point renewed_{};
  std::optional<child_process> process_;
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<transport::control_client> client_;
  std::vector<sample> samples_;
  std::map<std::string, seen_fault> faults_;  // by life and number
  std::uint64_t restarts_ = 0;
  std::uint64_t process_restarts_ = 0;
  std::uint64_t late_ = 0;
  std::string ending_;  // kind of the fault that is to end the process; empty: none
  std::chrono::milliseconds ending_from_{};
  bool is_running_ = false;
  bool has_finished_ = false;
};

}  // namespace millrace::chaos
