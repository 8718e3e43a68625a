#include "millrace/engine/assembly.hpp"

#include <algorithm>
#include <map>

namespace millrace::engine {

namespace {

std::size_t inputs_of(const plan& p, task_id id) {
  return static_cast<std::size_t>(
      std::count_if(p.channels.begin(), p.channels.end(), [&](const plan_channel& c) { return c.target == id; }));
}

task_parts parts_of(const plan& p, const plan_task& t, generation incarnation, const task_environment& environment) {
  const auto& spec = p.spec.actors[t.actor];
  task_parts out;
  out.id = t.id;
  out.name = p.task_name(t.id);
  out.partition = t.partition;
  out.parallelism = t.parallelism;
  out.incarnation = incarnation;
  out.behavior = p.instantiate(t.id);
  if (!environment.protect.merge_all_places && t.partition + 1 == t.parallelism) {
    for (auto* m : actor_access::mergeables(*out.behavior)) m->lose_partials();
  }
  out.on_failure = spec.on_failure;
  out.input_keys = p.input_keys[t.actor];
  out.router_key = p.router_keys[t.actor];
  out.key_groups = p.spec.settings.key_groups;
  out.batch_events = environment.batch_events;
  out.protect = environment.protect;
  out.log = environment.log;
  out.keeps_letters = environment.keeps_letters;
  out.measures = environment.channel_stats_of != nullptr;
  out.input_types = p.input_types[t.actor];
  out.time = environment.time;
  out.host = &environment.host_of(t.id);
  out.stats = environment.stats_of(t.id);
  if (environment.journal_of) out.journal = environment.journal_of(t.id);
  out.retained_bytes_max = environment.retained_bytes_max;
  out.retained = environment.retained;
  out.retained_disk = environment.retained_disk;
  if (environment.faults_of) out.faults = environment.faults_of(t.id);
  if (environment.watch_of) out.watch = environment.watch_of(t.id);
  if (environment.tracing_of) out.tracing = environment.tracing_of(t.id);
  if (environment.steering_of) out.steering = environment.steering_of(t.id);
  for (auto* port : actor_access::outputs(*out.behavior)) out.outputs.push_back({port, {}, {}, {}});
  return out;
}

void add_lane(task_parts& source, const plan_channel& c, std::unique_ptr<channel_sender> sender, generation incarnation,
              credit_window window, const std::shared_ptr<channel_stats>& stats) {
  auto& groups = source.outputs[c.output].groups;
  if (groups.size() <= c.lane) groups.resize(c.lane + 1);
  frame stamp;
  stamp.channel = c.id;
  stamp.source = c.source;
  stamp.target = c.target;
  stamp.incarnation = incarnation;
  groups[c.lane].emplace_back(c.name, std::move(stamp), std::move(sender), window);
  groups[c.lane].back().carry(c.type);
  if (stats != nullptr) groups[c.lane].back().tell(stats, *source.time);
}

result<void> add_spill(const plan& p, const plan_task& t, generation incarnation, const task_environment& environment,
                       task_parts& out) {
  const auto& wanted = p.spec.actors[t.actor].state;
  if (wanted.place != state_place::disk) return {};
  const auto backend = environment.state != nullptr ? environment.state : memory_state_backend();
  auto spill = backend->open(out.name + "-" + std::to_string(incarnation.value));
  if (!spill) return std::move(spill).error();
  out.spill = std::move(*spill);
  out.state_memory_bytes = static_cast<std::size_t>(wanted.memory_bytes);
  return {};
}

}  // namespace

result<std::vector<std::unique_ptr<task>>> assemble(const plan& p, std::uint32_t region, generation incarnation,
                                                    channel_factory& channels, const task_environment& environment) {
  std::map<task_id, task_parts> parts;
  for (const auto& t : p.tasks) {
    if (t.region != region || (environment.is_here && !environment.is_here(t.id))) continue;
    auto& made = parts.emplace(t.id, parts_of(p, t, incarnation, environment)).first->second;
    if (auto ok = add_spill(p, t, incarnation, environment, made); !ok) return std::move(ok).error();
  }
  for (const auto& c : p.channels) {
    const auto source = parts.find(c.source);
    const auto target = parts.find(c.target);
    if (source == parts.end() && target == parts.end()) continue;
    auto made = channels.make(c, incarnation);
    if (!made) return std::move(made).error();
    const auto window = environment.credit.value_or(credit_window::for_receiver_with(inputs_of(p, c.target)));
    const auto stats = environment.channel_stats_of ? environment.channel_stats_of(c.id) : nullptr;
    if (source != parts.end()) add_lane(source->second, c, std::move(made->first), incarnation, window, stats);
    if (target == parts.end()) continue;
    auto& inputs = target->second.inputs;
    inputs.emplace_back(c.name, c.input, std::move(made->second), c.to_input, window, incarnation);
    if (stats != nullptr) inputs.back().tell(stats);
  }
  std::vector<std::unique_ptr<task>> out;
  for (auto& [id, made] : parts) out.push_back(std::make_unique<task>(std::move(made)));
  return out;
}

}  // namespace millrace::engine
