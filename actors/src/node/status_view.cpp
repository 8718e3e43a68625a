#include "node/status_view.hpp"

#include <algorithm>
#include <utility>

namespace millrace::node {

namespace {

using runtime::task_status;

constexpr auto window = std::chrono::seconds{1};

/// The counters of a task; gauges are not summed up.
constexpr std::uint64_t task_status::*counters[] = {
    &task_status::events_in,      &task_status::events_out,   &task_status::dead_letters,
    &task_status::retries,        &task_status::duplicates,   &task_status::busy_ns,
    &task_status::blocked_ns,     &task_status::align_ns,     &task_status::late,
    &task_status::ready_ns,       &task_status::batches_in,   &task_status::freeze_total_ns,
    &task_status::queue_ns,       &task_status::queue_events, &task_status::sampled_busy_ns,
    &task_status::sampled_cpu_ns, &task_status::network_ns,   &task_status::network_events,
};

void add_counts(task_status& sum, const task_status& more) {
  for (const auto counter : counters) sum.*counter += more.*counter;
  for (std::size_t i = 0; i < sum.latency.size(); ++i) {
    sum.latency[i] += more.latency[i];
    sum.queue[i] += more.queue[i];
    sum.disorder[i] += more.disorder[i];
  }
}

bool is_newer_incarnation(const task_status& now, const task_status& before) {
  return now.incarnation != before.incarnation && before.incarnation != 0;
}

double per_second(std::uint64_t now, std::uint64_t before, double seconds) {
  return now <= before || seconds <= 0 ? 0 : static_cast<double>(now - before) / seconds;
}

std::uint64_t since(std::uint64_t now, std::uint64_t before) {
  return now <= before ? 0 : now - before;
}

double share(std::uint64_t now_ns, std::uint64_t before_ns, double seconds) {
  constexpr double ns_per_s = 1e9;
  return std::min(1.0, per_second(now_ns, before_ns, seconds) / ns_per_s);
}

std::chrono::nanoseconds each(std::uint64_t sum_ns, std::uint64_t times) {
  return std::chrono::nanoseconds{times == 0 ? 0 : sum_ns / times};
}

void split_latency(task_view& v, const task_status& now, const task_status& before) {
  const auto batches = since(now.batches_in, before.batches_in);
  const auto snapshots = since(now.freeze_total_ns, before.freeze_total_ns) + since(now.align_ns, before.align_ns);
  v.queue = each(since(now.queue_ns, before.queue_ns), since(now.queue_events, before.queue_events));
  v.network = each(since(now.network_ns, before.network_ns), since(now.network_events, before.network_events));
  v.service = each(since(now.busy_ns, before.busy_ns), batches);
  v.credit_wait = each(since(now.blocked_ns, before.blocked_ns), batches);
  v.snapshot = each(snapshots, batches);
  engine::latency_histogram::counts latest{};
  for (std::size_t i = 0; i < latest.size(); ++i) latest[i] = since(now.queue[i], before.queue[i]);
  v.queue_p99 = std::chrono::nanoseconds{engine::latency_histogram::quantile(latest, 0.99)};
}

task_view compare(const task_status& now, const task_status& before, double seconds) {
  task_view v;
  v.in_per_s = per_second(now.events_in, before.events_in, seconds);
  v.out_per_s = per_second(now.events_out, before.events_out, seconds);
  v.busy_share = share(now.busy_ns, before.busy_ns, seconds);
  v.blocked_share = share(now.blocked_ns, before.blocked_ns, seconds);
  v.ready_share = share(now.ready_ns, before.ready_ns, seconds);
  v.align_share = share(now.align_ns, before.align_ns, seconds);
  v.freeze_share = share(now.freeze_total_ns, before.freeze_total_ns, seconds);
  const auto sampled = since(now.sampled_busy_ns, before.sampled_busy_ns);
  if (sampled != 0) {
    v.cpu_share = std::min(
        1.0, static_cast<double>(since(now.sampled_cpu_ns, before.sampled_cpu_ns)) / static_cast<double>(sampled));
  }
  split_latency(v, now, before);
  engine::latency_histogram::counts latest{};
  for (std::size_t i = 0; i < latest.size(); ++i) latest[i] = since(now.latency[i], before.latency[i]);
  v.p50 = std::chrono::nanoseconds{engine::latency_histogram::quantile(latest, 0.5)};
  v.p99 = std::chrono::nanoseconds{engine::latency_histogram::quantile(latest, 0.99)};
  v.p99_9 = std::chrono::nanoseconds{engine::latency_histogram::quantile(latest, 0.999)};
  v.now = now;
  return v;
}

status_view compare(const runtime::run_status& now, const runtime::run_status& before, double seconds) {
  status_view v{
      now, {}, {}, std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds})};
  for (std::size_t i = 0; i < now.tasks.size(); ++i) v.tasks.push_back(compare(now.tasks[i], before.tasks[i], seconds));
  for (std::size_t i = 0; i < now.channels.size(); ++i) {
    const auto sent_before = i < before.channels.size() ? before.channels[i].sent : 0;
    v.channels.push_back({now.channels[i], per_second(now.channels[i].sent, sent_before, seconds), 0});
  }
  v.run.tasks.clear();
  v.run.channels.clear();
  return v;
}

}  // namespace

void status_history::carry_on(runtime::run_status& status) {
  carried_.resize(status.tasks.size());
  raw_.resize(status.tasks.size());
  for (std::size_t i = 0; i < status.tasks.size(); ++i) {
    auto& task = status.tasks[i];
    if (is_newer_incarnation(task, raw_[i])) add_counts(carried_[i], raw_[i]);
    raw_[i] = task;
    add_counts(task, carried_[i]);
  }
}

void status_history::add(runtime::run_status status, time_point at) {
  carry_on(status);
  samples_.push_back({at, std::move(status)});
  while (samples_.size() > 2 && at - samples_[1].at >= window) samples_.pop_front();
}

double status_history::mean_fill(std::size_t channel) const {
  double sum = 0;
  for (const auto& s : samples_) {
    const auto& c = s.status.channels[channel];
    if (c.credit_window != 0) sum += std::min(1.0, static_cast<double>(c.credit_used) / c.credit_window);
  }
  return sum / static_cast<double>(samples_.size());
}

status_view status_history::view() const {
  const auto& from = samples_.front();
  const auto& to = samples_.back();
  auto v = compare(to.status, from.status, std::chrono::duration<double>(to.at - from.at).count());
  for (std::size_t i = 0; i < v.channels.size(); ++i) v.channels[i].fill = mean_fill(i);
  return v;
}

status_view status_history::whole_run() const {
  runtime::run_status nothing;
  nothing.tasks.resize(samples_.back().status.tasks.size());
  const auto& to = samples_.back();
  return compare(to.status, nothing, std::chrono::duration<double>(to.status.uptime).count());
}

}  // namespace millrace::node
