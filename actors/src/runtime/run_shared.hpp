#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "millrace/chaos/faulty_clock.hpp"
#include "millrace/engine/channel_stats.hpp"
#include "millrace/engine/clock.hpp"
#include "millrace/engine/event_log.hpp"
#include "millrace/engine/frame_spill.hpp"
#include "millrace/engine/page_spill.hpp"
#include "millrace/engine/snapshot_store.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/transport/zmq_context.hpp"
#include "runtime/alarm_clock.hpp"
#include "runtime/health_board.hpp"
#include "runtime/letter_keeper.hpp"
#include "runtime/recovery_board.hpp"
#include "runtime/remote/distant_status.hpp"
#include "runtime/remote/node_questions.hpp"
#include "runtime/run_faults.hpp"
#include "runtime/run_watches.hpp"
#include "runtime/trace_desk.hpp"

namespace millrace::runtime {

/// Threads that tasks share where a run asks for `wanted` (0: one a core). Thread: any.
[[nodiscard]] inline std::size_t scheduler_threads(std::size_t wanted) noexcept {
  return wanted != 0 ? wanted : std::max(2U, std::thread::hardware_concurrency());
}

/// What the actors of a run and the outside share: configuration that never changes, the numbers a status is made of,
/// and the outcome. Everything that changes is behind one lock that is never held while calling out. Thread: any.
class run_shared {
public:
  run_shared(std::shared_ptr<const engine::plan> p, run_options o, transport::zmq_context context,
             std::unique_ptr<engine::snapshot_store> s, std::unique_ptr<engine::event_log> l,
             std::unique_ptr<engine::dead_letter_store> dead)
      : plan{std::move(p)},
        kinds{kinds_of(*plan)},
        options{std::move(o)},
        sockets{std::move(context)},
        store{std::move(s)},
        log_store{std::move(l)},
        letters{std::make_unique<letter_keeper>(
            plan, std::move(dead), [this](log_level level, const std::string& text) { log(level, text); })},
        retained{options.retained ? options.retained
                                  : std::make_shared<engine::retained_budget>(retained_total_bytes_max)},
        faults{*plan, alarms, [this](log_level level, const std::string& text) { log(level, text); },
               [this](task_id t) { return is_here(t); }, distant_nodes()},
        watches{*plan, alarms, [this](log_level level, const std::string& text) { log(level, text); },
                [this](task_id t) { return is_here(t); }},
        looks{asker()},
        traces{options.trace, time},
        steering{*plan, options.steering},
        instance{fresh_instance(options)},
        health{plan->tasks.size(), time},
        recoveries{time},
        started_ns_{time.steady_ns()},
        stats_(plan->tasks.size()),
        incarnations_(plan->tasks.size()),
        snapshot_bytes_(plan->tasks.size()),
        channel_stats_(plan->channels.size()) {
    status_.state = "starting";
    time.obey(faults.board().time());
  }

  const std::shared_ptr<const engine::plan> plan;
  const std::vector<actor_kind> kinds;  ///< per actor of the plan
  const run_options options;
  chaos::faulty_clock time;
  transport::zmq_context sockets;
  std::unique_ptr<engine::snapshot_store> store;  ///< the writer's alone once the run has started
  std::unique_ptr<engine::event_log> log_store;   ///< null where no producer is logged
  std::shared_ptr<engine::state_backend> spills;  ///< set before the start when an actor's state may go to disk
  std::unique_ptr<letter_keeper> letters;         ///< the writer's but for `use`
  alarm_clock alarms;
  std::shared_ptr<engine::retained_budget> retained;  ///< of all tasks, and other runs of this process
  /// Set before the start where tasks retain what they send; null: memory alone has it.
  std::shared_ptr<engine::frame_spill> retained_disk;
  run_faults faults;
  run_watches watches;
  remote::node_questions looks;                                 ///< into channels of tasks that other nodes run
  std::function<std::string(const std::string&)> answer_looks;  ///< of the lead, at a guest; set before the start
  trace_desk traces;
  run_steering steering;
  const transport::topology_instance instance;
  /// Some task takes dead letters back, or will, that no complete snapshot has.
  std::atomic<bool> replays_under_way{false};
  health_board health;
  recovery_board recoveries;

  void log(log_level level, const std::string& message);
  /// This process runs the task.
  [[nodiscard]] bool is_here(task_id task) const;

  /// Epochs under way: tasks look up where a barrier's snapshot goes.
  void open_epoch(const engine::epoch_target& target);
  [[nodiscard]] engine::epoch_target target_of(epoch_id epoch) const;

  [[nodiscard]] std::shared_ptr<engine::task_stats> fresh_stats(task_id task);
  /// How often the task was made.
  [[nodiscard]] std::uint64_t times_made(task_id task) const;
  [[nodiscard]] std::shared_ptr<engine::channel_stats> fresh_channel_stats(channel_id channel);
  /// Those it has; fresh ones where it has none.
  [[nodiscard]] std::shared_ptr<engine::channel_stats> known_channel_stats(channel_id channel);
  /// Events that the sinks of a region have dealt with over the topology's
  /// life; 0 where nobody measures.
  [[nodiscard]] std::uint64_t handled_by_sinks(std::uint32_t region) const;
  void set_state(std::string state);
  /// What another node tells of the tasks it hosts.
  void on_report(const std::string& node, remote::status_report&& report);
  /// Those tasks were made anew elsewhere.
  void on_distant_start(task_id task);
  void on_restored(epoch_id epoch, const std::vector<std::string>& notes, bool is_restart);
  void on_snapshot(epoch_id epoch, std::int64_t duration_ns);
  void on_epoch_given_up();
  /// All parts of the snapshot are there, and are being written.
  void on_writing();
  /// It was written, or that failed (no parts).
  void on_written(const std::vector<engine::task_snapshot>& parts);
  /// A task came back alone.
  void on_rebuilt(const std::string& note);
  /// Of the newest snapshot that is complete, or the one everything started from; 0: none.
  [[nodiscard]] epoch_id newest_epoch() const;
  void on_snapshot_failure(const std::string& why);
  [[nodiscard]] run_status status() const;

  void finish(run_outcome outcome);
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] std::optional<run_outcome> wait(std::chrono::milliseconds timeout);

private:
  [[nodiscard]] run_faults::distant_nodes distant_nodes();
  [[nodiscard]] remote::node_questions::teller asker();
  [[nodiscard]] static std::vector<actor_kind> kinds_of(const engine::plan& p);
  /// Different for every run of this process, so that endpoint names never meet again; of all processes where other
  /// nodes take part.
  [[nodiscard]] static transport::topology_instance fresh_instance(const run_options& o);
  void note(std::string text);

  mutable std::mutex mutex_;
  std::condition_variable finished_;
  std::int64_t started_ns_;
  std::map<epoch_id, engine::epoch_target> epochs_;
  std::vector<std::shared_ptr<engine::task_stats>> stats_;
  std::vector<std::uint64_t> incarnations_;    // by task
  std::vector<std::uint64_t> snapshot_bytes_;  // by task
  std::vector<std::shared_ptr<engine::channel_stats>> channel_stats_;
  run_status status_;
  std::int64_t last_snapshot_ns_ = 0;
  std::int64_t open_since_ns_ = 0;     // 0: no epoch is open
  std::int64_t writing_since_ns_ = 0;  // 0: nothing is being written
  std::optional<run_outcome> outcome_;
  remote::distant_status distant_;
};

}  // namespace millrace::runtime
