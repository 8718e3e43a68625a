#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "millrace/chaos/fault_board.hpp"
#include "millrace/engine/assembly.hpp"
#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/state_query.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/error.hpp"
#include "millrace/inspect/watch_board.hpp"
#include "millrace/runtime/placement.hpp"
#include "millrace/runtime/run_status.hpp"
#include "millrace/runtime/run_steering.hpp"
#include "millrace/runtime/traced_spans.hpp"
#include "millrace/transport/frame_codec.hpp"

namespace millrace::runtime {

/// What all channels of a process may retain together where nobody says anything else.
inline constexpr std::uint64_t retained_total_bytes_max = std::uint64_t{512} << 20;

struct run_options {
  std::string data_dir;  ///< snapshots live here; the same folder resumes
  transport::payload_mode payload = transport::payload_mode::shared;
  std::size_t threads = 0;  ///< scheduler threads; 0: one a core
  std::uint32_t batch_events = 256;
  /// Tells all that a status has. Off: the least, for measuring what the rest costs; handlers that hang are not found.
  bool measures = true;
  bool accept_duplicates = false;  ///< go back behind committed output of sinks that cannot withdraw
  std::function<void(log_level, const std::string&)> log;  ///< called from any thread
  /// Puts something around the ends of a channel: what delays or damages events on their way, on purpose. `receiver`
  /// wakes the task that receives. Empty: nothing.
  std::function<engine::channel_factory::ends(const engine::plan_channel& channel, engine::channel_factory::ends ends,
                                              const std::shared_ptr<engine::doorbell>& receiver)>
      around_channel{};
  engine::protections protect;  ///< negative controls only
  /// A task that fails is rebuilt alone where that is possible, and its neighbours go on: they retain what they send
  /// it, at most so many bytes of a channel. 0: its region goes back to the newest snapshot as a whole.
  std::uint64_t retained_bytes_max = std::uint64_t{16} << 20;
  /// What memory has no room for of that goes to a file, at most so many bytes of all channels. 0: it is let go.
  std::uint64_t retained_disk_bytes_max = std::uint64_t{4} << 30;
  /// Shared by the runs of a process; null: this one has `retained_total_bytes_max` for itself.
  std::shared_ptr<engine::retained_budget> retained{};
  placement where;             ///< tasks that other nodes run
  engine::trace_rule trace{};  ///< which events are followed from producer to sink; none
  steering_wishes steering{};  ///< what holds from the first event on
};

/// A topology at work in this process: CAF actors for its tasks, a supervisor, a snapshot coordinator and a writer,
/// with ZeroMQ channels between the tasks and snapshots in the data directory.
///
/// Lifecycle: `start` → (status, snapshot_now, …) → `stop` or the end of all inputs → `wait` → destructor. The
/// destructor ends what still runs without a last snapshot. Thread: any, calls may overlap.
class topology_run {
public:
  /// Opens the data directory, restores the newest intact snapshot and starts every actor. Errors: the data directory
  /// (in use, read-only, damaged, full), limits of the machine.
  [[nodiscard]] static result<std::unique_ptr<topology_run>> start(std::shared_ptr<const engine::plan> p,
                                                                   run_options options);
  virtual ~topology_run() = default;

  /// Takes a last snapshot, commits, ends. Does not wait.
  virtual void stop() = 0;
  /// Starts a snapshot as soon as none is under way. Does not wait.
  virtual void snapshot_now() = 0;
  /// Fault injection: the task ends as if a handler of its actor had thrown, with `restart` as its policy.
  virtual void fail_task(task_id task, std::string why) = 0;
  [[nodiscard]] virtual run_status status() const = 0;
  /// What was told of traced events since the last call; to be asked often, as tasks drop what nobody collects.
  [[nodiscard]] virtual collected_spans collect_spans() = 0;
  /// Asks a task about its keyed state. Waits until the task is between two steps, at most `timeout`. Errors: those of
  /// `engine::task::query`; errc::unavailable while the task is restored, hangs or does not answer in time: ask again.
  [[nodiscard]] virtual result<engine::state_answer> query(task_id task, engine::state_request request,
                                                           std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual const engine::plan& plan() const = 0;
  /// What is done to it on purpose.
  [[nodiscard]] virtual chaos::fault_board& faults() = 0;
  /// Who looks into its channels, and where its tasks are to stop.
  [[nodiscard]] virtual inspect::watch_board& watches() = 0;
  /// The node that runs a task; empty: this one.
  [[nodiscard]] virtual std::string node_of(task_id task) const = 0;
  /// Asks a node that runs some of its tasks, on behalf of who looks into their channels. `done` is called once at
  /// most, on another thread, which it must not hold up. Error: the node cannot be asked now.
  [[nodiscard]] virtual result<void> ask_node(const std::string& node, const std::string& question,
                                              std::function<void(std::string&& answer)> done) = 0;
  /// Works on its dead letters between two snapshots. errc::unavailable: they are being written; ask again.
  [[nodiscard]] virtual result<void> letters(std::chrono::milliseconds timeout,
                                             const std::function<result<void>(engine::dead_letter_store&)>& work) = 0;
  /// What is wanted of it while it runs.
  [[nodiscard]] virtual run_steering& steering() = 0;
  /// Copies the snapshot that is taken next to a savepoint in `folder`, which is not there yet. `done` is called once,
  /// on any thread: when it is durable, or with the reason why there is none.
  virtual void keep_snapshot(std::string folder, std::string about, std::function<void(result<epoch_id>)> done) = 0;
  /// Waits for the end, at most `timeout`; nothing when it still runs.
  [[nodiscard]] virtual std::optional<run_outcome> wait(std::chrono::milliseconds timeout) = 0;
};

}  // namespace millrace::runtime
