#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/engine/task_steering.hpp"
#include "millrace/error.hpp"
#include "millrace/runtime/run_status.hpp"

namespace millrace::runtime {

/// What is wanted of a run from its first event on.
struct steering_wishes {
  processing_time paused_since{};  ///< 0: not paused
  std::set<std::string> muted{};   ///< actors; names that there are not count for nothing
};

/// What the owner of a run wants of it while it runs: pausing, muting, parameters. Holds until it is taken back, also
/// for tasks that are made anew. Thread: any.
class run_steering {
public:
  /// The plan outlives it.
  run_steering(const engine::plan& p, const steering_wishes& wishes);

  /// Producers take no more input; what is on its way is handled, and state and connections stay. Snapshots go on.
  void pause(processing_time since);
  void resume();
  /// What all tasks of the actor send is dropped and counted; of a sink, what they get. Error: `not_found`.
  [[nodiscard]] result<void> mute(const std::string& actor, bool on);
  /// The parameter has this value behind the barrier of the next epoch, in all partitions alike. Errors: `not_found`;
  /// `invalid_argument`: the parameter cannot be changed while the topology runs, or does not take the value.
  [[nodiscard]] result<void> set(const std::string& actor, const std::string& param, const param_value& value);

  [[nodiscard]] processing_time paused_since() const;
  /// What was given to the tasks, and in its place what waits for the next epoch (whose `from` is 0).
  [[nodiscard]] std::vector<changed_parameter> changed() const;

  // For the run itself.
  /// Called after every wish, with true when it holds behind the next barrier only, so that a snapshot soon is good.
  void on_change(std::function<void(bool wants_snapshot)> call);
  [[nodiscard]] const std::shared_ptr<engine::task_steering>& of(task_id task) const { return tasks_[task.value]; }
  /// The epoch begins: what was set since the last one holds behind its barrier. True when there was anything.
  [[nodiscard]] bool begin_epoch(epoch_id epoch);
  /// None of its barriers was sent: what was to hold behind them waits for the next epoch.
  void put_off(epoch_id epoch);
  /// What tasks have, with the epochs behind whose barriers they have it.
  [[nodiscard]] std::vector<changed_parameter> given() const;
  /// A parameter was changed behind the barrier of a later epoch.
  [[nodiscard]] bool has_settings_after(epoch_id epoch) const;
  /// The actors (indices) whose parameters were changed behind the barrier of this epoch.
  [[nodiscard]] std::set<std::uint32_t> actors_changed_at(epoch_id epoch) const;
  /// Takes over what the node that leads the run says. Errors as of `set`: nothing of it is taken.
  [[nodiscard]] result<void> adopt(bool is_paused, const std::set<std::string>& muted,
                                   std::vector<changed_parameter> changed);
  [[nodiscard]] std::set<std::string> muted() const;

private:
  void tell(bool wants_snapshot);
  [[nodiscard]] result<std::uint32_t> find(const std::string& actor) const;
  /// With the value as the parameter keeps it.
  [[nodiscard]] result<changed_parameter> fitted(changed_parameter c) const;
  void mute_tasks(std::uint32_t actor, bool on);
  void give(const changed_parameter& c);

  const engine::plan& plan_;
  std::vector<std::shared_ptr<engine::task_steering>> tasks_;  // by id; never changed
  mutable std::mutex mutex_;
  processing_time paused_since_{};
  std::set<std::string> muted_;
  std::vector<changed_parameter> given_;                    // one for each parameter, as the next
  std::vector<changed_parameter> wanted_;                   // behind the barrier of the next epoch
  std::map<epoch_id, std::set<std::uint32_t>> changed_at_;  // the newest
  std::function<void(bool)> on_change_;
};

}  // namespace millrace::runtime
