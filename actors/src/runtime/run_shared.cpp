#include "runtime/run_shared.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <utility>

#include "runtime/remote/exchange.hpp"
#include "runtime/remote/fault_wire.hpp"
#include "runtime/remote/wire.hpp"
#include "runtime/status_reading.hpp"

namespace millrace::runtime {

namespace {

constexpr std::size_t notes_max = 20;
// Barriers of given-up epochs may still be on their way; more than a few cannot.
constexpr std::size_t epochs_kept = 16;

}  // namespace

std::vector<actor_kind> run_shared::kinds_of(const engine::plan& p) {
  std::vector<actor_kind> out(p.spec.actors.size());
  for (const auto& t : p.tasks) {
    if (t.partition == 0) out[t.actor] = p.instantiate(t.id)->kind();
  }
  return out;
}

transport::topology_instance run_shared::fresh_instance(const run_options& o) {
  static std::atomic<std::uint64_t> runs{0};
  if (o.where.instance.value != 0) return o.where.instance;
  if (o.where.nodes) {
    std::random_device random;
    return {std::uint64_t{random()} << 32U | random()};
  }
  return {++runs};
}

void run_shared::log(log_level level, const std::string& message) {
  if (level == log_level::error) {
    const std::lock_guard lock{mutex_};
    note(message);
  }
  if (options.log) options.log(level, message);
}

bool run_shared::is_here(task_id task) const {
  const auto& where = options.where;
  return !where.nodes || where.of(task, where.nodes->name()).empty();
}

remote::node_questions::teller run_shared::asker() {
  return [this](const std::string& node, std::uint64_t number, const std::string& question) -> result<void> {
    if (!options.where.nodes) return user_error(errc::not_found, "no other node takes part");
    return options.where.nodes->send(node,
                                     remote::to_bytes(instance, {}, remote::look_request{number, question}).view());
  };
}

run_faults::distant_nodes run_shared::distant_nodes() {
  if (!options.where.nodes) return {};
  return {[this](task_id t) { return options.where.of(t, options.where.nodes->name()); },
          [this](const std::string& node, const chaos::fault_order& o) {
            return options.where.nodes->send(node, remote::to_bytes(instance, {}, remote::to_wire(o)).view());
          },
          options.where.nodes->name()};
}

void run_shared::open_epoch(const engine::epoch_target& target) {
  const std::lock_guard lock{mutex_};
  epochs_[target.epoch] = target;
  open_since_ns_ = time.steady_ns();
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
  ++incarnations_[task.value];
  return made;
}

std::uint64_t run_shared::times_made(task_id task) const {
  const std::lock_guard lock{mutex_};
  return incarnations_[task.value];
}

std::shared_ptr<engine::channel_stats> run_shared::fresh_channel_stats(channel_id channel) {
  auto made = std::make_shared<engine::channel_stats>();
  const std::lock_guard lock{mutex_};
  channel_stats_[channel.value] = made;
  return made;
}

std::shared_ptr<engine::channel_stats> run_shared::known_channel_stats(channel_id channel) {
  {
    const std::lock_guard lock{mutex_};
    if (const auto& known = channel_stats_[channel.value]) return known;
  }
  return fresh_channel_stats(channel);
}

std::uint64_t run_shared::handled_by_sinks(std::uint32_t region) const {
  const std::lock_guard lock{mutex_};
  std::uint64_t events = 0;
  for (const auto& c : plan->channels) {
    const auto& target = plan->tasks[c.target.value];
    const auto& stats = channel_stats_[c.id.value];
    if (target.region == region && kinds[target.actor] == actor_kind::sink && stats) events += stats->done();
  }
  return events;
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
  open_since_ns_ = 0;
  if (status_.failing.in_a_row == 0) return;
  note("snapshots are taken again, " + std::to_string(std::exchange(status_.failing, {}).in_a_row) + " had failed");
}

void run_shared::on_epoch_given_up() {
  const std::lock_guard lock{mutex_};
  open_since_ns_ = 0;
}

void run_shared::on_writing() {
  const std::lock_guard lock{mutex_};
  writing_since_ns_ = time.steady_ns();
}

void run_shared::on_written(const std::vector<engine::task_snapshot>& parts) {
  const std::lock_guard lock{mutex_};
  const auto since = std::exchange(writing_since_ns_, 0);
  if (parts.empty()) return;
  status_.last_snapshot_write = std::chrono::nanoseconds{time.steady_ns() - since};
  status_.last_snapshot_bytes = 0;
  for (const auto& part : parts) {
    snapshot_bytes_[part.task.value] = part.written_bytes;
    status_.last_snapshot_bytes += part.written_bytes;
  }
}

void run_shared::on_rebuilt(const std::string& note) {
  {
    const std::lock_guard lock{mutex_};
    ++status_.restarts;
  }
  log(log_level::warning, note);
}

epoch_id run_shared::newest_epoch() const {
  const std::lock_guard lock{mutex_};
  return std::max(status_.last_epoch, status_.restored_epoch);
}

void run_shared::on_snapshot_failure(const std::string& why) {
  {
    const std::lock_guard lock{mutex_};
    ++status_.snapshot_failures;
    auto& f = status_.failing;
    if (++f.in_a_row == 1) f.since = time.shown();
    f.why = why;
  }
  log(log_level::error, "snapshot failed: " + why);
}

run_status run_shared::status() const {
  auto recovered = recoveries.reports();
  const std::lock_guard lock{mutex_};
  auto out = status_;
  out.recoveries = std::move(recovered);
  const auto now = time.steady_ns();
  const auto since = [now](std::int64_t at) { return std::chrono::nanoseconds{at == 0 ? 0 : now - at}; };
  out.topology = plan->spec.name;
  out.paused_since = steering.paused_since();
  out.changed = steering.changed();
  if (out.paused_since.ns != 0 && out.state == "running") out.state = "paused";
  out.uptime = std::chrono::nanoseconds{now - started_ns_};
  out.taken_at = time.shown();
  out.since_last_snapshot = since(last_snapshot_ns_);
  out.snapshot_open_for = since(open_since_ns_);
  out.snapshot_writing_for = since(writing_since_ns_);
  out.threads = static_cast<std::uint32_t>(scheduler_threads(options.threads));
  out.snapshot_interval = plan->spec.settings.snapshot_interval;
  for (const auto& t : plan->tasks) {
    auto& row = out.tasks.emplace_back();
    row.name = plan->task_name(t.id);
    row.actor = plan->spec.actors[t.actor].name;
    row.partition = t.partition;
    row.kind = to_string(kinds[t.actor]);
    if (options.where.nodes) row.node = options.where.of(t.id, options.where.nodes->name());
    row.incarnation = incarnations_[t.id.value];
    row.snapshot_bytes = snapshot_bytes_[t.id.value];
    row.faults = chaos::fault_board::names_of(faults.board().task(t.id));
    row.stopped_at = watches.board().text_of_stop(t.id);
    row.is_muted = steering.of(t.id)->is_muted();
    row.muted_events = steering.of(t.id)->muted_events();
    if (stats_[t.id.value]) read_into(row, *stats_[t.id.value], now);
  }
  health.read_into(out.tasks);
  if (options.retained_bytes_max != 0 && !options.where.nodes) {
    out.retained.bytes = retained->used();
    out.retained.bytes_max = retained->bytes_max();
  }
  if (retained_disk != nullptr) {
    auto disk = retained_disk->status();
    out.retained.disk_bytes = disk.bytes;
    out.retained.disk_bytes_max = disk.bytes_max;
    out.retained.disk_refused = std::move(disk.refused);
  }
  for (const auto& c : plan->channels) {
    auto& row = out.channels.emplace_back();
    row.source = c.source;
    row.target = c.target;
    row.faults = chaos::fault_board::names_of(faults.board().channel(c.id));
    if (channel_stats_[c.id.value]) read_into(row, *channel_stats_[c.id.value], now);
  }
  distant_.add_to(out, now);
  for (const auto& row : out.channels) {
    auto& oldest = out.tasks[row.target.value].oldest_unfinished;
    oldest = std::max(oldest, row.oldest_unfinished);
  }
  return out;
}

void run_shared::on_report(const std::string& node, remote::status_report&& report) {
  const std::lock_guard lock{mutex_};
  distant_.take(node, std::move(report), time.steady_ns());
}

void run_shared::on_distant_start(task_id task) {
  const std::lock_guard lock{mutex_};
  ++incarnations_[task.value];
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
