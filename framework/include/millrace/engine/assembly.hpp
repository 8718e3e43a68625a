#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/engine/channel.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/task.hpp"

namespace millrace::engine {

/// Makes the two ends of a channel for one incarnation: ZeroMQ live, queues in the simulation. Of a channel that leads
/// to another process only the end that is here; the other is null.
class channel_factory {
public:
  using ends = std::pair<std::unique_ptr<channel_sender>, std::unique_ptr<channel_receiver>>;
  virtual ~channel_factory() = default;
  [[nodiscard]] virtual result<ends> make(const plan_channel& channel, generation incarnation) = 0;
};

/// What tasks get from whoever runs them.
struct task_environment {
  const clock* time = nullptr;
  std::function<task_host&(task_id)> host_of;
  std::function<std::shared_ptr<task_stats>(task_id)> stats_of;
  std::uint32_t batch_events = 256;
  protections protect;
  std::optional<credit_window> credit{};  ///< of every channel; none: what suits the receiver
  event_log* log = nullptr;               ///< of logged producers; outlives the tasks
  /// For actors whose state may be larger than memory; none: the reference, which is in memory itself.
  std::shared_ptr<state_backend> state{};
  bool keeps_letters = false;  ///< dead letters that no stream takes go into the snapshots' parts
  /// What the ends of a channel tell, and where tasks tell all there is to tell; none: they tell the least.
  std::function<std::shared_ptr<channel_stats>(channel_id)> channel_stats_of{};
  /// For tasks that can be rebuilt alone, and what their neighbours retain for them of each lane; none: nothing.
  std::function<std::shared_ptr<task_journal>(task_id)> journal_of{};
  std::uint64_t retained_bytes_max = 0;
  std::shared_ptr<retained_budget> retained{};           ///< of all tasks together; none: each lane's limit is all
  std::shared_ptr<frame_spill> retained_disk{};          ///< for what memory has no room for; none: it is let go
  std::function<bool(task_id)> is_here{};                ///< none: all tasks run in this process
  std::function<chaos::task_gate(task_id)> faults_of{};  ///< none: nobody can inject any
  std::function<std::shared_ptr<inspect::task_watch>(task_id)> watch_of{};  ///< none: nobody looks into channels
  std::function<std::optional<task_tracer::parts>(task_id)> tracing_of{};   ///< none: nothing is traced
  std::function<std::shared_ptr<task_steering>(task_id)> steering_of{};     ///< none: nobody steers them
};

/// Makes the tasks of one region that run here, with fresh channels between them, in order of task id; not yet
/// restored.
[[nodiscard]] result<std::vector<std::unique_ptr<task>>> assemble(const plan& p, std::uint32_t region,
                                                                  generation incarnation, channel_factory& channels,
                                                                  const task_environment& environment);

}  // namespace millrace::engine
