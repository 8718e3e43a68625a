#include "testing/simulated_coordinator.hpp"

#include <algorithm>
#include <utility>

#include "testing/simulated_process.hpp"

namespace millrace::testing {

namespace {

using namespace std::chrono_literals;

// As live: snapshots that fail one after the other end the run.
constexpr std::uint32_t failures_max = 5;
constexpr std::size_t epochs_kept = 16;

}  // namespace

simulated_coordinator::simulated_coordinator(simulated_process& process, engine::epoch_coordinator::timing t)
    : process_{process}, decide_{process.plan().tasks.size(), t} {}

void simulated_coordinator::tick() {
  check();
  const auto interval = process_.plan().spec.settings.snapshot_interval;
  const auto pause = interval.count() == 0 ? 200ms : std::clamp<std::chrono::milliseconds>(interval / 4, 2ms, 200ms);
  process_.scheduler().post_at(now() + std::chrono::nanoseconds{pause}.count(), process_.lines().coordinator,
                               [this] { tick(); });
}

void simulated_coordinator::on_tasks(std::vector<std::weak_ptr<simulated_task>> tasks) {
  tasks_ = std::move(tasks);
  is_paused_ = false;
  for (const auto& weak : tasks_) {
    if (const auto t = weak.lock()) decide_.on_task_started(t->id(), t->incarnation());
  }
}

void simulated_coordinator::on_pause() {
  is_paused_ = true;
  give_up_epoch({});
}

void simulated_coordinator::on_part(engine::task_snapshot&& part) {
  if (auto all = decide_.on_part(std::move(part))) write(std::move(*all));
}

void simulated_coordinator::on_refusal(epoch_id epoch, const std::string& why) {
  if (decide_.open() == epoch) give_up_epoch(why);
}

void simulated_coordinator::on_ended(task_id task, generation incarnation) {
  decide_.on_task_ended(task, incarnation);
  check();
}

void simulated_coordinator::on_request(bool last) {
  decide_.request(last);
  check();
}

engine::epoch_target simulated_coordinator::target_of(epoch_id epoch) const {
  const auto at = epochs_.find(epoch);
  return at == epochs_.end() ? engine::epoch_target{epoch, 0, true, false} : at->second;
}

void simulated_coordinator::check() {
  if (decide_.overdue(now()) && !is_writing_) {
    give_up_epoch("its barriers were under way for longer than the snapshot timeout");
  }
  if (!is_paused_ && !is_number_asked_ && decide_.is_due(now())) ask_number();
}

void simulated_coordinator::ask_number() {
  is_number_asked_ = true;
  const auto& lines = process_.lines();
  process_.scheduler().post(lines.writer, [this, &lines] {
    auto& store = process_.store();
    const auto epoch = store.next_epoch();
    const engine::epoch_target target{*epoch, store.turn(), store.wants_full(), false};
    process_.scheduler().post(lines.coordinator, [this, target] { start_epoch(target); });
  });
}

void simulated_coordinator::start_epoch(engine::epoch_target target) {
  is_number_asked_ = false;
  if (is_paused_ || decide_.open() || decide_.is_finished()) return;
  target.last = decide_.next_is_last();
  epochs_[target.epoch] = target;
  while (epochs_.size() > epochs_kept) epochs_.erase(epochs_.begin());
  decide_.start(target, now());
  for (const auto& weak : tasks_) {
    const auto t = weak.lock();
    if (!t || !process_.is_producer(t->id())) continue;
    process_.scheduler().post(process_.line_of(t->id()), [weak, target] {
      if (const auto to = weak.lock()) to->inject_barrier(target);
    });
  }
}

void simulated_coordinator::write(std::vector<engine::task_snapshot>&& parts) {
  is_writing_ = true;
  auto carried = std::make_shared<std::vector<engine::task_snapshot>>(std::move(parts));
  const auto& lines = process_.lines();
  process_.scheduler().post(lines.writer, [this, carried, &lines] {
    const auto epoch = carried->front().target.epoch;
    auto done = process_.letters().put(process_.plan(), *carried);
    if (done) {
      done = engine::write_snapshot(process_.store(), process_.plan(), process_.newest_generation(), *carried);
    }
    const auto oldest = process_.store().oldest_retained().value_or(epoch_id{});
    process_.scheduler().post(
        lines.coordinator,
        [this, epoch, oldest, why = done ? std::string{} : done.error().message] { on_written(epoch, oldest, why); });
  });
}

void simulated_coordinator::on_written(epoch_id epoch, epoch_id oldest_retained, const std::string& error) {
  if (decide_.open() != epoch) return;
  is_writing_ = false;
  if (!error.empty()) {
    give_up_epoch(error);
    return;
  }
  ++snapshots_;
  decide_.on_complete(now());
  tell_tasks(epoch, oldest_retained, true);
  if (decide_.is_finished()) {
    process_.scheduler().post(process_.lines().supervisor,
                              [this, stopped = decide_.was_stopped()] { process_.on_done(stopped); });
  }
  check();
}

void simulated_coordinator::give_up_epoch(const std::string& why) {
  const auto open = decide_.open();
  if (!open) return;
  is_writing_ = false;
  decide_.on_abort(now());
  tell_tasks(*open, {}, false);
  if (why.empty()) return;
  ++failures_;
  process_.log("snapshot failed: epoch " + std::to_string(open->value) + ": " + why);
  if (decide_.failures_in_a_row() >= failures_max) {
    give_up_run(std::to_string(failures_max) + " snapshots in a row failed, the last with: " + why);
  }
}

void simulated_coordinator::tell_tasks(epoch_id epoch, epoch_id oldest_retained, bool complete) {
  for (const auto& weak : tasks_) {
    const auto t = weak.lock();
    if (!t) continue;
    process_.scheduler().post(process_.line_of(t->id()), [weak, epoch, oldest_retained, complete] {
      if (const auto to = weak.lock()) to->end_epoch(epoch, oldest_retained, complete);
    });
  }
}

void simulated_coordinator::give_up_run(const std::string& why) {
  process_.scheduler().post(process_.lines().supervisor, [this, why] { process_.on_give_up(why); });
}

std::int64_t simulated_coordinator::now() const {
  return process_.scheduler().clock().steady_ns();
}

}  // namespace millrace::testing
