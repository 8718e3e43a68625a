#include "runtime/run_shared.hpp"

#include <atomic>

namespace millrace::runtime {

namespace {

constexpr std::size_t notes_max = 20;
// Barriers of given-up epochs may still be on their way; more than a few cannot.
constexpr std::size_t epochs_kept = 16;

void fill(task_status& out, const engine::task_stats& s) {
  out.phase = s.phase.get();
  out.events_in = s.events_in.get();
  out.events_out = s.events_out.get();
  out.dead_letters = s.dead_letters.get();
  out.retries = s.retries.get();
  out.duplicates = s.duplicates.get();
  out.late = s.late.get();
  out.busy_ns = s.busy_ns.get();
  out.blocked_ns = s.blocked_ns.get();
  out.align_ns = s.align_ns.get();
  out.freeze_ns = s.snapshot_freeze_ns.get();
  out.state_rows = s.state_rows.get();
  out.state_bytes = s.state_bytes.get();
  out.state_spilled_bytes = s.state_spilled_bytes.get();
  out.state_faults = s.state_faults.get();
  out.state_expired = s.state_expired.get();
  out.backlog = s.backlog.get();
  out.credit_used = s.credit_used.get();
  out.credit_window = s.credit_window.get();
  out.watermark = {s.watermark.get()};
  out.hot_keys = s.hot_keys.read();
  s.latency.add_to(out.latency);
  s.disorder.add_to(out.disorder);
}

}  // namespace

std::vector<actor_kind> run_shared::kinds_of(const engine::plan& p) {
  std::vector<actor_kind> out(p.spec.actors.size());
  for (const auto& t : p.tasks) {
    if (t.partition == 0) out[t.actor] = p.instantiate(t.id)->kind();
  }
  return out;
}

transport::topology_instance run_shared::fresh_instance() {
  static std::atomic<std::uint64_t> runs{0};
  return {++runs};
}

void run_shared::log(log_level level, const std::string& message) {
  if (level == log_level::error) {
    const std::lock_guard lock{mutex_};
    note(message);
  }
  if (options.log) options.log(level, message);
}

void run_shared::open_epoch(const engine::epoch_target& target) {
  const std::lock_guard lock{mutex_};
  epochs_[target.epoch] = target;
  while (epochs_.size() > epochs_kept) epochs_.erase(epochs_.begin());
}

engine::epoch_target run_shared::target_of(epoch_id epoch) const {
  const std::lock_guard lock{mutex_};
  const auto at = epochs_.find(epoch);
  return at == epochs_.end() ? engine::epoch_target{epoch, 0, true, false} : at->second;
}

std::shared_ptr<engine::task_stats> run_shared::fresh_stats(task_id task) {
  auto made = std::make_shared<engine::task_stats>();
  const std::lock_guard lock{mutex_};
  stats_[task.value] = made;
  return made;
}

void run_shared::set_state(std::string state) {
  const std::lock_guard lock{mutex_};
  status_.state = std::move(state);
}

void run_shared::on_restored(epoch_id epoch, const std::vector<std::string>& notes, bool is_restart) {
  const std::lock_guard lock{mutex_};
  status_.restored_epoch = epoch;
  if (is_restart) ++status_.restarts;
  for (const auto& n : notes) note(n);
}

void run_shared::on_snapshot(epoch_id epoch, std::int64_t duration_ns) {
  const std::lock_guard lock{mutex_};
  status_.last_epoch = epoch;
  ++status_.snapshots;
  status_.last_snapshot_duration = std::chrono::nanoseconds{duration_ns};
  last_snapshot_ns_ = time.steady_ns();
}

void run_shared::on_snapshot_failure(const std::string& why) {
  {
    const std::lock_guard lock{mutex_};
    ++status_.snapshot_failures;
  }
  log(log_level::error, "snapshot failed: " + why);
}

run_status run_shared::status() const {
  const std::lock_guard lock{mutex_};
  auto out = status_;
  const auto now = time.steady_ns();
  out.topology = plan->spec.name;
  out.uptime = std::chrono::nanoseconds{now - started_ns_};
  out.taken_at = time.now();
  if (last_snapshot_ns_ != 0) out.since_last_snapshot = std::chrono::nanoseconds{now - last_snapshot_ns_};
  for (const auto& t : plan->tasks) {
    task_status row;
    row.name = plan->task_name(t.id);
    row.actor = plan->spec.actors[t.actor].name;
    row.partition = t.partition;
    row.kind = to_string(kinds[t.actor]);
    if (stats_[t.id.value]) fill(row, *stats_[t.id.value]);
    out.tasks.push_back(std::move(row));
  }
  return out;
}

void run_shared::finish(run_outcome outcome) {
  {
    const std::lock_guard lock{mutex_};
    if (outcome_) return;
    status_.state = outcome.how == run_outcome::kind::failed ? "failed" : "finished";
    outcome_ = std::move(outcome);
  }
  finished_.notify_all();
}

bool run_shared::is_finished() const {
  const std::lock_guard lock{mutex_};
  return outcome_.has_value();
}

std::optional<run_outcome> run_shared::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock{mutex_};
  finished_.wait_for(lock, timeout, [this] { return outcome_.has_value(); });
  return outcome_;
}

void run_shared::note(std::string text) {
  auto& notes = status_.notes;
  if (notes.size() == notes_max) notes.erase(notes.begin());
  notes.push_back(std::move(text));
}

}  // namespace millrace::runtime
