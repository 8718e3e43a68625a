#include <map>
#include <numeric>
#include <utility>

#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

std::string place(const graph_actor& a, std::uint32_t partition, const std::string& port) {
  return a.name() + "/" + std::to_string(partition) + "." + port;
}

class plan_builder {
public:
  explicit plan_builder(const graph& g) : g_{g}, plan_{std::make_shared<engine::plan>()} {}

  std::shared_ptr<const engine::plan> build() && {
    plan_->spec = g_.spec;
    for (std::uint32_t a = 0; a < g_.actors.size(); ++a) add_actor(a);
    group_of_.resize(plan_->tasks.size());
    std::iota(group_of_.begin(), group_of_.end(), 0U);
    for (const auto& s : g_.streams) add_stream(s);
    number_regions();
    return std::move(plan_);
  }

private:
  void add_actor(std::uint32_t index) {
    const auto& a = g_.actors[index];
    plan_->spec.actors[index].parallelism = a.parallelism;
    first_task_.push_back(static_cast<std::uint32_t>(plan_->tasks.size()));
    for (std::uint32_t p = 0; p < a.parallelism; ++p) {
      plan_->tasks.push_back({task_id{first_task_.back() + p}, index, p, a.parallelism, 0});
    }
    plan_->roles.push_back(a.role);
    plan_->input_types.push_back(a.input_types);
    plan_->input_keys.push_back(a.input_keys);
    plan_->router_keys.push_back(a.router_key);
    auto& outputs = plan_->output_types.emplace_back();
    for (const auto* out : a.outputs()) outputs.push_back(out->type());
  }

  void add_stream(const graph_stream& s) {
    const auto& from = g_.source(s);
    const auto& to = g_.target(s);
    const bool is_mesh = from.is(actor_kind::router) && s.output != engine::actor_access::dead_index;
    const auto slot = slots_[{s.from, s.output}]++;
    for (std::uint32_t p = 0; p < from.parallelism; ++p) {
      if (!is_mesh) {
        add_channel(s, slot, p, to.parallelism == 1 ? 0 : p, 0);
        continue;
      }
      for (std::uint32_t q = 0; q < to.parallelism; ++q) add_channel(s, slot, p, q, q);
    }
  }

  void add_channel(const graph_stream& s, std::uint32_t slot, std::uint32_t from, std::uint32_t to,
                   std::uint32_t lane) {
    engine::plan_channel c;
    c.id = channel_id{static_cast<std::uint32_t>(plan_->channels.size())};
    c.source = task_id{first_task_[s.from] + from};
    c.target = task_id{first_task_[s.to] + to};
    c.stream = s.index;
    c.output = s.output;
    c.stream_slot = slot;
    c.lane = lane;
    c.input = s.input;
    c.type = s.type;
    c.to_input = s.to_input;
    c.name = place(g_.source(s), from, g_.source(s).outputs()[s.output]->name()) + " -> " +
             place(g_.target(s), to, g_.target(s).inputs()[s.input]->name());
    group_of_[root(c.source.value)] = root(c.target.value);
    plan_->channels.push_back(std::move(c));
  }

  std::uint32_t root(std::uint32_t task) {
    while (group_of_[task] != task) task = group_of_[task] = group_of_[group_of_[task]];
    return task;
  }

  /// Regions are numbered by their first task, so that the numbers do not depend on the order of streams.
  void number_regions() {
    std::map<std::uint32_t, std::uint32_t> number;
    for (auto& t : plan_->tasks) {
      t.region = number.try_emplace(root(t.id.value), static_cast<std::uint32_t>(number.size())).first->second;
    }
    plan_->regions = static_cast<std::uint32_t>(number.size());
  }

  const graph& g_;
  std::shared_ptr<engine::plan> plan_;
  std::vector<std::uint32_t> first_task_;  // of each actor
  std::vector<std::uint32_t> group_of_;    // union-find over tasks
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> slots_;
};

}  // namespace

std::shared_ptr<const engine::plan> make_plan(const graph& g) {
  return plan_builder{g}.build();
}

}  // namespace millrace::detail
