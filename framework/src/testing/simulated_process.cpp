#include "testing/simulated_process.hpp"

#include <algorithm>
#include <utility>

namespace millrace::testing {

simulated_process::simulated_process(shared s) : shared_{std::move(s)} {
  const auto& p = plan();
  open_lines();
  for (const auto& t : p.tasks) is_producer_.push_back(p.instantiate(t.id)->kind() == actor_kind::producer);
  tasks_.resize(p.tasks.size());
  regions_.resize(p.regions);
  coordinator_ = std::make_unique<simulated_coordinator>(
      *this, engine::epoch_coordinator::timing{p.spec.settings.snapshot_interval, p.spec.settings.snapshot_timeout});
}

void simulated_process::open_lines() {
  auto& s = scheduler();
  lines_.supervisor = s.open_line();
  lines_.coordinator = s.open_line();
  lines_.writer = s.open_line();
  for (std::size_t i = 0; i < plan().tasks.size(); ++i) lines_.tasks.push_back(s.open_line());
  for (std::size_t i = 0; i < plan().channels.size(); ++i) channel_lines_.push_back({s.open_line(), s.open_line()});
}

void simulated_process::start() {
  std::vector<std::uint32_t> all;
  for (std::uint32_t r = 0; r < regions_.size(); ++r) all.push_back(r);
  recover(std::move(all));
  coordinator_->tick();
}

void simulated_process::request_snapshot(bool last) {
  scheduler().post(lines_.coordinator, [this, last] { coordinator_->on_request(last); });
}

void simulated_process::recover(std::vector<std::uint32_t> regions) {
  scheduler().post(lines_.writer, [this, regions = std::move(regions)] {
    newest_ = *store().next_generation();
    auto loaded = engine::load_newest_intact(store(), plan(), shared_.options.accept_duplicates);
    if (!loaded) {
      scheduler().post(lines_.supervisor, [this, why = loaded.error().message] { fail_run(why); });
      return;
    }
    auto point = std::make_shared<const engine::restore_point>(std::move(loaded).value());
    letters().go_back(plan(), *point);
    scheduler().post(lines_.supervisor,
                     [this, regions, point, incarnation = newest_] { on_recovered(regions, point, incarnation); });
  });
}

void simulated_process::on_recovered(const std::vector<std::uint32_t>& regions, const point_ptr& point,
                                     generation incarnation) {
  if (is_ending()) return;
  for (const auto& note : point->notes) log(note);
  restored_ = point->epoch;
  for (const auto r : regions) {
    if (!is_ending()) spawn_tasks(r, point, incarnation);
  }
}

void simulated_process::spawn_tasks(std::uint32_t region, const point_ptr& point, generation incarnation) {
  for (const auto& t : plan().tasks) {
    if (t.region != region) continue;
    tasks_[t.id.value] = std::make_shared<simulated_task>(*this, t.id, plan().task_name(t.id), incarnation);
  }
  simulated_channels channels{scheduler(),
                              channel_lines_,
                              *shared_.weather,
                              shared_.options.batches,
                              shared_.options.on_frame,
                              [this](task_id id) {
                                return [weak = std::weak_ptr{tasks_[id.value]}] {
                                  if (const auto t = weak.lock()) t->ring();
                                };
                              }};
  const engine::task_environment environment{&scheduler().clock(),
                                             [this](task_id id) -> engine::task_host& { return *tasks_[id.value]; },
                                             [this](task_id id) {
                                               auto fresh = std::make_shared<engine::task_stats>();
                                               shared_.on_stats(id, fresh);
                                               return fresh;
                                             },
                                             shared_.options.batch_events,
                                             shared_.options.protect,
                                             shared_.options.credit,
                                             shared_.log_store,
                                             nullptr,
                                             true};
  auto made = engine::assemble(plan(), region, incarnation, channels, environment);
  if (!made) {
    fail_run(made.error().message);
    return;
  }
  auto& r = regions_[region];
  auto next = made->begin();
  for (const auto& t : plan().tasks) {
    if (t.region != region) continue;
    tasks_[t.id.value]->work = std::move(*next++);
    ++r.alive;
    scheduler().post(line_of(t.id), [weak = std::weak_ptr{tasks_[t.id.value]}, point] {
      if (const auto to = weak.lock()) to->begin(*point);
    });
  }
  r.now = region_phase::running;
  r.incarnation = incarnation;
  if (!std::ranges::all_of(
          regions_, [](const region_phase p) { return p == region_phase::running; }, &region_state::now))
    return;
  std::vector<std::weak_ptr<simulated_task>> known(tasks_.begin(), tasks_.end());
  scheduler().post(lines_.coordinator, [this, known = std::move(known)] { coordinator_->on_tasks(known); });
}

void simulated_process::stop_region(std::uint32_t region) {
  regions_[region].now = region_phase::stopping;
  scheduler().post(lines_.coordinator, [this] { coordinator_->on_pause(); });
  for (const auto& t : plan().tasks) {
    if (t.region != region || !tasks_[t.id.value]) continue;
    tasks_[t.id.value]->is_stopping = true;
    tasks_[t.id.value]->is_killed = true;
    scheduler().post(line_of(t.id), [this, id = t.id, region] {
      tasks_[id.value] = nullptr;
      scheduler().post(lines_.supervisor, [this, region] { on_down(region); });
    });
  }
}

void simulated_process::on_failure(task_id task, generation incarnation, const engine::task_failure& failure) {
  const auto where = plan().tasks[task.value].region;
  auto& r = regions_[where];
  if (is_ending()) {
    ending_ = simulation::phase::failed;
    message_ = failure.what.message;
    return;
  }
  if (r.now != region_phase::running || incarnation != r.incarnation) return;
  if (failure.action != failure_action::restart) {
    fail_run(failure.what.message, failure.action == failure_action::escalate);
    return;
  }
  r.policy = plan().spec.actors[plan().tasks[task.value].actor].on_failure;
  message_ = failure.what.message;
  stop_region(where);
}

void simulated_process::on_down(std::uint32_t region) {
  auto& r = regions_[region];
  --r.alive;
  quit_if_over();
  if (is_ending() || r.alive != 0) return;
  const auto now = scheduler().clock().steady_ns();
  const auto pause = r.budget.next(r.policy, now);
  if (!pause) {
    fail_run(message_ + "; given up after " + std::to_string(r.policy.max_restarts) + " restarts within " +
             std::to_string(r.policy.period.count() / 1000) + " s");
    return;
  }
  r.now = region_phase::waiting;
  ++restarts_;
  scheduler().post_at(now + pause->count(), lines_.supervisor, [this, region] { recover({region}); });
}

void simulated_process::on_done(bool stopped) {
  end_run(stopped ? simulation::phase::stopped : simulation::phase::finished);
}

void simulated_process::on_give_up(const std::string& why) {
  fail_run(why);
}

void simulated_process::fail_run(std::string why, bool escalated) {
  if (is_ending()) return;
  message_ = std::move(why);
  has_escalated_ = escalated;
  end_run(simulation::phase::failed);
}

void simulated_process::end_run(simulation::phase how) {
  if (is_ending()) return;
  ending_ = how;
  for (const auto& t : tasks_) {
    if (!t || t->is_killed) continue;
    // After an orderly end the mailbox still holds the word that the last epoch is complete.
    t->is_stopping = how == simulation::phase::failed;
    t->is_killed = true;
    const auto region = plan().tasks[t->id().value].region;
    scheduler().post(line_of(t->id()), [this, id = t->id(), region, how] {
      if (how != simulation::phase::failed) tasks_[id.value]->work->close();
      tasks_[id.value] = nullptr;
      scheduler().post(lines_.supervisor, [this, region] { on_down(region); });
    });
  }
  quit_if_over();
}

void simulated_process::quit_if_over() {
  if (is_ending() && std::ranges::all_of(
                         regions_, [](std::size_t alive) { return alive == 0; }, &region_state::alive)) {
    phase_ = ending_;
  }
}

bool simulated_process::kill_task(const std::string& name) {
  for (const auto& t : tasks_) {
    if (t && t->work && t->work->name() == name) return t->kill();
  }
  return false;
}

engine::task* simulated_process::find_task(const std::string& name) noexcept {
  for (const auto& t : tasks_) {
    if (t && t->work && t->work->name() == name) return t->work.get();
  }
  return nullptr;
}

}  // namespace millrace::testing
