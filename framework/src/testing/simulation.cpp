#include "millrace/testing/simulation.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "millrace/check.hpp"
#include "testing/simulated_process.hpp"

namespace millrace::testing {

struct simulation::world {
  world(std::shared_ptr<const engine::plan> p, simulation_options o)
      : plan{std::move(p)},
        options{std::move(o)},
        scheduler{options.seed, options.step_time.count()},
        store{[this] { return scheduler.clock().now(); }},
        weather(plan->channels.size()) {}

  void on_stats(task_id task, std::shared_ptr<engine::task_stats> fresh) {
    stats.emplace_back(plan->spec.actors[plan->tasks[task.value].actor].name, std::move(fresh));
  }

  std::shared_ptr<const engine::plan> plan;
  simulation_options options;
  seeded_scheduler scheduler;
  link_weather* weather_of(const std::string& channel) {
    for (const auto& c : plan->channels) {
      if (c.name == channel) return &weather[c.id.value];
    }
    return nullptr;
  }

  memory_snapshot_store store;
  memory_event_log log_store;
  simulated_letters letters;
  std::vector<link_weather> weather;  // by channel; outlives processes, as a network does
  std::vector<std::string> log;
  std::vector<std::pair<std::string, std::shared_ptr<engine::task_stats>>> stats;
  std::string no_message;
  std::unique_ptr<simulated_process> process;
};

simulation::simulation(std::shared_ptr<const engine::plan> p, simulation_options options)
    : world_{std::make_unique<world>(std::move(p), std::move(options))} {}

simulation::~simulation() {
  crash();
}

void simulation::start() {
  auto& w = *world_;
  MILLRACE_CHECK(w.process == nullptr, "a simulation that is up is started again: crash it first");
  w.process = std::make_unique<simulated_process>(simulated_process::shared{
      w.plan, w.options, &w.scheduler, &w.store, &w.log_store, &w.letters, &w.weather,
      [&w](std::string text) { w.log.push_back(std::move(text)); },
      [&w](task_id task, std::shared_ptr<engine::task_stats> fresh) { w.on_stats(task, std::move(fresh)); }});
  w.process->start();
}

bool simulation::step() {
  return now_is() == phase::running && world_->scheduler.step();
}

bool simulation::run_until_over(std::size_t max_steps) {
  for (std::size_t i = 0; i < max_steps; ++i) {
    if (!step()) return now_is() != phase::running;
  }
  return now_is() != phase::running;
}

void simulation::crash() {
  world_->scheduler.clear();
  world_->process.reset();
  world_->store.crash();
}

void simulation::replace_plan(std::shared_ptr<const engine::plan> p) {
  MILLRACE_CHECK(world_->process == nullptr, "the plan of a simulation that is up is replaced: crash it first");
  world_->weather.assign(p->channels.size(), {});
  world_->plan = std::move(p);
}

void simulation::stop() {
  world_->process->request_snapshot(true);
}
void simulation::snapshot_now() {
  world_->process->request_snapshot(false);
}
void simulation::advance(std::chrono::nanoseconds d) {
  world_->scheduler.clock().move_by(d.count());
}
void simulation::shift_wall_clock(std::chrono::nanoseconds d) {
  world_->scheduler.clock().shift_wall(d.count());
}

bool simulation::kill_task(const std::string& name) {
  return world_->process && world_->process->kill_task(name);
}

bool simulation::disturb(const std::string& channel, disturbance what, std::uint64_t amount) {
  auto* const w = world_->weather_of(channel);
  if (w == nullptr) return false;
  const auto until = world_->scheduler.clock().steady_ns() + static_cast<std::int64_t>(amount);
  switch (what) {
    case disturbance::drop:
      w->drop += amount;
      break;
    case disturbance::duplicate:
      w->duplicate += amount;
      break;
    case disturbance::reorder:
      w->reorder += amount;
      break;
    case disturbance::delay:
      w->delay_until_ns = std::max(w->delay_until_ns, until);
      break;
    case disturbance::cut:
      w->cut_until_ns = std::max(w->cut_until_ns, until);
      break;
  }
  return true;
}

std::uint64_t simulation::disturbed(const std::string& channel) const {
  const auto* const w = world_->weather_of(channel);
  return w == nullptr ? 0 : w->hits;
}

simulation::phase simulation::now_is() const noexcept {
  return world_->process ? world_->process->now_is() : phase::down;
}
const std::string& simulation::message() const noexcept {
  return world_->process ? world_->process->message() : world_->no_message;
}
bool simulation::has_escalated() const noexcept {
  return world_->process && world_->process->has_escalated();
}
const engine::clock& simulation::clock() const noexcept {
  return world_->scheduler.clock();
}
memory_snapshot_store& simulation::store() noexcept {
  return world_->store;
}
memory_event_log& simulation::event_log() noexcept {
  return world_->log_store;
}
std::vector<dead_letter> simulation::dead_letters() const {
  return world_->letters.all();
}
engine::task* simulation::find_task(const std::string& name) noexcept {
  return world_->process ? world_->process->find_task(name) : nullptr;
}

std::vector<std::shared_ptr<const engine::task_stats>> simulation::stats_of(const std::string& actor) const {
  std::vector<std::shared_ptr<const engine::task_stats>> out;
  for (const auto& [name, stats] : world_->stats) {
    if (name == actor) out.push_back(stats);
  }
  return out;
}

std::uint64_t simulation::steps() const noexcept {
  return world_->scheduler.steps();
}
std::uint64_t simulation::restarts() const noexcept {
  return world_->process ? world_->process->restarts() : 0;
}
std::uint64_t simulation::snapshots() const noexcept {
  return world_->process ? world_->process->coordinator().snapshots() : 0;
}
std::uint64_t simulation::snapshot_failures() const noexcept {
  return world_->process ? world_->process->coordinator().snapshot_failures() : 0;
}
epoch_id simulation::restored_epoch() const noexcept {
  return world_->process ? world_->process->restored_epoch() : epoch_id{};
}
const std::vector<std::string>& simulation::log() const noexcept {
  return world_->log;
}
std::uint64_t simulation::trace() const noexcept {
  return world_->scheduler.trace();
}

std::uint64_t seed_from_environment(std::uint64_t fallback) {
  auto seed = fallback;
  if (const char* given = std::getenv("MILLRACE_SEED"); given != nullptr) {
    std::from_chars(given, given + std::strlen(given), seed);
  }
  std::printf("seed %llu (MILLRACE_SEED repeats it)\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace millrace::testing
