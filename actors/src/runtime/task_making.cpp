#include "runtime/task_making.hpp"

#include <optional>
#include <utility>

#include "millrace/chaos/faulty_channels.hpp"
#include "runtime/remote/placed_channels.hpp"

namespace millrace::runtime {

result<std::vector<std::unique_ptr<engine::task>>> task_making::make() const {
  const auto bells = [this](task_id t) { return link_of(t).bell(); };
  const auto host_of = [this](task_id t) -> engine::task_host& { return link_of(t); };
  auto& faults = shared.faults.board();
  remote::placed_channels placed{{shared.sockets, shared.instance, shared.options, bells},
                                 shared.options.where.nodes.get(),
                                 shared.instance,
                                 node_of,
                                 bells};
  chaos::faulty_channels channels{placed, faults, shared.time, host_of};
  engine::task_environment environment{&shared.time,
                                       host_of,
                                       [this](task_id t) { return shared.fresh_stats(t); },
                                       batch_events,
                                       shared.options.protect,
                                       std::nullopt,
                                       shared.log_store.get(),
                                       shared.spills,
                                       true,
                                       {},
                                       [this](task_id t) { return link_of(t).journal; },
                                       // Of topologies on several nodes no task comes back alone.
                                       shared.options.where.nodes ? 0 : shared.options.retained_bytes_max,
                                       shared.retained,
                                       shared.retained_disk,
                                       [this](task_id t) { return only ? only(t) : node_of(t).empty(); },
                                       [&faults](task_id t) {
                                         return chaos::task_gate{faults.task(t), t};
                                       },
                                       [this](task_id t) { return shared.watches.board().fresh(t); }};
  if (shared.traces.is_on()) {
    environment.tracing_of = [this](task_id t) { return shared.traces.parts_for(t); };
  }
  environment.steering_of = [this](task_id t) { return shared.steering.of(t); };
  if (shared.options.measures) {
    environment.channel_stats_of = [this](channel_id c) {
      const auto& ends = shared.plan->channels[c.value];
      // The end that goes on tells what it has told.
      const bool goes_on = only && !(only(ends.source) && only(ends.target));
      return goes_on ? shared.known_channel_stats(c) : shared.fresh_channel_stats(c);
    };
  }
  const auto through = between ? between(channels) : nullptr;
  return engine::assemble(*shared.plan, region, incarnation, through ? *through : channels, environment);
}

caf::actor spawn_task(caf::actor_system& system, std::shared_ptr<task_state> parts) {
  const auto bell = parts->link->bell();
  const bool blocking = parts->task->is_blocking();
  auto handle =
      blocking ? system.spawn<caf::detached>(task_actor, std::move(parts)) : system.spawn(task_actor, std::move(parts));
  bell->bind(handle);
  // Frames of another node's tasks may have rung before anybody could hear it.
  bell->lower();
  return handle;
}

}  // namespace millrace::runtime
