#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/runtime/topology_run.hpp"
#include "node/deployment_store.hpp"
#include "node/logs/log_book.hpp"
#include "node/looking/look_desk.hpp"
#include "node/metrics/metrics_text.hpp"
#include "node/run_hold.hpp"
#include "node/savepoints/savepoint_desk.hpp"
#include "node/side_thread.hpp"
#include "node/status_view.hpp"
#include "node/telemetry_json.hpp"
#include "node/tracing/trace_watch.hpp"

namespace millrace::node {

/// One topology of a node: its deployment, and its run while there is one.
///
/// `advance` starts, samples and ends the run; everything else only says what is wanted or tells what is known. What
/// takes long (starting a run, going back to a savepoint, keeping one, the end of a run) is done on a thread of the
/// topology's, so that the node's others go on. Thread: `advance` and the destructor on the node's own; the rest on
/// any.
class hosted_topology {
public:
  enum class phase : unsigned char {
    stopped,   ///< not wanted, or not begun yet
    running,   ///< restoring included
    stopping,  ///< takes a last snapshot
    finished,  ///< its inputs ended
    failed,    ///< see the message
  };

  /// Which node runs which task of a plan.
  using placer = std::function<result<runtime::placement>(const deployment&, const engine::plan&)>;
  /// Calls the function, which changes the deployment and says what it is now, and makes that durable. Nobody else
  /// changes it meanwhile.
  using saver = std::function<result<void>(const std::function<deployment()>&)>;
  /// `options.data_dir` is set. The deployment was validated, or says in its status why it cannot run.
  /// `log`: what `options.log` writes to. `node`: the name of this one, for traces.
  hosted_topology(deployment d, runtime::run_options options, placer place, saver save,
                  std::shared_ptr<const log_book> log, const trace_settings& tracing, std::string node);

  using clock = std::chrono::steady_clock;
  /// Brings the run closer to what is wanted.
  void advance(clock::time_point now);
  /// The policy of an actor asks for the end of the whole process.
  [[nodiscard]] bool is_escalated() const noexcept { return is_escalated_; }

  void want(bool running);
  /// It is to stop because the node does, and is wanted all the same. Thread: the node's own.
  void stop_with_node();
  [[nodiscard]] bool stops_with_node() const noexcept { return stops_with_node_; }
  /// True when nothing is to be done: no run, and none wanted.
  [[nodiscard]] bool is_at_rest() const;
  /// A run comes or goes, or a savepoint of what it has is being written.
  [[nodiscard]] bool is_at_work() const noexcept { return at_work_.is_busy(); }
  /// Its run is there, or is over but for a call that hangs. Then its data is not free, and the process cannot end in
  /// good order.
  [[nodiscard]] bool holds_data() const noexcept { return hold_.is_held(); }
  [[nodiscard]] phase now() const;
  [[nodiscard]] deployment deployed() const;
  /// Pausing and muting are as `d` has them from now on, in the run too, and the text of the topology. What else it has
  /// is not looked at.
  void steer(const deployment& d);
  /// The same parameter in the run, when there is one. Errors: those of `run_steering::set`.
  [[nodiscard]] result<void> set(const std::string& actor, const std::string& param, const param_value& value);
  /// What replaces the deployment when the present run has ended with a last snapshot. `inherits`: the savepoint that
  /// it goes back to, if any, is what the one before was to go back to, and need not be gone back to twice.
  void replace(deployment next, bool inherits);

  /// Fields: docs/command-line.md; without a run those that are known.
  [[nodiscard]] nlohmann::json status() const;
  /// What a subscriber wants to see of it. `not_found` for an actor it does not have.
  [[nodiscard]] result<nlohmann::json> telemetry(const telemetry_choice& choice) const;
  /// The same for monitoring.
  [[nodiscard]] measured_topology measured() const;
  [[nodiscard]] result<void> snapshot();
  /// Copies its next snapshot, or the newest when it does not run, to a savepoint; does not wait.
  void take_savepoint(std::string id, std::filesystem::path folder, std::string about);
  /// It is to go back to the savepoint in that folder, or is about it.
  [[nodiscard]] bool needs_savepoint(const std::string& folder) const;
  [[nodiscard]] const savepoint_desk& savepoints() const noexcept { return *kept_; }
  /// Of the newest snapshot it has; the largest number while it runs, since more are to come.
  [[nodiscard]] result<epoch_id> newest_epoch() const;
  /// Whether it still has what these logged producers' partitions took in behind a savepoint. While it runs nobody
  /// knows: it is looked at before the start.
  [[nodiscard]] result<void> check_log_reaches(const std::filesystem::path& savepoint,
                                               const std::vector<std::string>& tasks) const;
  /// Why it is as slow as it is. Errors: no run, or too young a one.
  [[nodiscard]] result<nlohmann::json> why() const;
  /// Its dead letters, whether it runs or not.
  [[nodiscard]] result<nlohmann::json> letters(const std::string& verb, const nlohmann::json& args) const;
  [[nodiscard]] result<nlohmann::json> state(const nlohmann::json& args) const;
  /// Of the events that were traced, those of runs that have ended, too.
  [[nodiscard]] result<nlohmann::json> traces(const nlohmann::json& args) const { return traces_.answer(args); }
  [[nodiscard]] result<nlohmann::json> logs(const nlohmann::json& args) const { return answer_logs(*log_, args); }
  [[nodiscard]] result<nlohmann::json> chaos(const std::string& verb, const nlohmann::json& args) const;
  /// Somebody looks into its channels, or stops its tasks there. `who`: their key.
  [[nodiscard]] result<nlohmann::json> look(const std::string& who, const std::string& verb,
                                            const nlohmann::json& args) const;

private:
  [[nodiscard]] std::shared_ptr<runtime::topology_run> current() const;
  [[nodiscard]] error not_running() const;
  /// Error: nobody may look at its data now.
  [[nodiscard]] result<void> check_free() const;
  [[nodiscard]] nlohmann::json completed(nlohmann::json j) const;
  struct savepoint_wish {
    std::string id;
    std::filesystem::path folder;
    std::string about;
  };
  [[nodiscard]] bool follow(clock::time_point now);
  void begin(const deployment& d);
  void catch_up(const deployment& begun);
  void sample(clock::time_point now);
  void end(const runtime::run_outcome& outcome);
  void part(phase then);
  void fail(std::string why);
  [[nodiscard]] result<void> go_back(const deployment& d, const engine::plan& p, const runtime::placement& where);
  [[nodiscard]] result<void> forget_savepoint(const deployment& d);
  [[nodiscard]] error stay(const deployment& d, error why);
  void keep_newest(std::vector<savepoint_wish> wishes);
  void keep_in(runtime::topology_run& run, savepoint_wish wish);

  const runtime::run_options options_;
  const placer place_;
  const saver save_;
  const std::shared_ptr<const log_book> log_;
  const std::shared_ptr<savepoint_desk> kept_ = std::make_shared<savepoint_desk>();
  trace_watch traces_;
  status_history history_;  // of the present run
  clock::time_point sampled_{};
  bool is_escalated_ = false;
  bool is_stop_sent_ = false;
  run_hold hold_;  // somebody's query may keep the last run for a moment

  mutable std::timed_mutex folder_;  // while a run comes or goes, and while its data are looked at without one
  std::mutex steering_;              // so that a run hears of wishes in their order
  mutable std::mutex mutex_;
  deployment deployment_;
  std::optional<deployment> next_;
  bool next_inherits_ = false;
  std::vector<savepoint_wish> savepoint_wishes_;  // for when nobody has the data folder; few
  std::atomic<bool> stops_with_node_{false};
  bool is_done_ = false;  // finished or failed: not begun again until somebody wants it
  phase phase_ = phase::stopped;
  std::string message_;
  std::shared_ptr<runtime::topology_run> run_;
  std::shared_ptr<look_desk> desk_;  // of the run, which outlives it
  status_view newest_;
  side_thread at_work_;  // first to go: it uses the rest
};

[[nodiscard]] const char* to_string(hosted_topology::phase p) noexcept;

}  // namespace millrace::node
