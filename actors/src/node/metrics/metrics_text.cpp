#include "node/metrics/metrics_text.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <sstream>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "node/metrics/metric_rule.hpp"
#include "node/metrics/process_families.hpp"
#include "node/metrics/task_families.hpp"
#include "node/status_json.hpp"

namespace millrace::node {

namespace {

using engine::latency_histogram;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// The tasks of one actor of a topology.
struct actor_of {
  const measured_topology* topology;
  std::vector<const task_view*> tasks;
  double input_fill = 0;

  [[nodiscard]] double sum(const std::function<double(const task_view&)>& of) const {
    double total = 0;
    for (const auto* t : tasks) total += of(*t);
    return total;
  }
  [[nodiscard]] double most(const std::function<double(const task_view&)>& of) const {
    double found = 0;
    for (const auto* t : tasks) found = std::max(found, of(*t));
    return found;
  }
};

using topology_rule = metric_rule<measured_topology>;
constexpr topology_rule topology_rules[] = {
    {"millrace_topology_wanted", "1 when the topology is to run.", MetricType::Gauge,
     [](const measured_topology& t) { return t.is_wanted ? 1.0 : 0.0; }},
    {"millrace_topology_running", "1 while it runs; 0 while it restores, stops, has ended or failed.",
     MetricType::Gauge, [](const measured_topology& t) { return t.is_running ? 1.0 : 0.0; }},
    {"millrace_topology_failed", "1 when it failed for good.", MetricType::Gauge,
     [](const measured_topology& t) { return t.has_failed ? 1.0 : 0.0; }},
    {"millrace_topology_uptime_seconds", "Since its run began.", MetricType::Gauge,
     [](const measured_topology& t) { return seconds(t.view.run.uptime); }},
    {"millrace_topology_restarts_total", "How often the run went back to a snapshot.", MetricType::Counter,
     [](const measured_topology& t) { return number(t.view.run.restarts); }},
    {"millrace_topology_oldest_unfinished_event_seconds", "Age of the oldest event not done with; 0: there is none.",
     MetricType::Gauge, [](const measured_topology& t) { return seconds(oldest_unfinished(t.view)); }},
    {"millrace_topology_since_progress_seconds", "How long no task has got anything done.", MetricType::Gauge,
     [](const measured_topology& t) { return seconds(since_progress(t.view)); }},
    {"millrace_snapshots_total", "Complete snapshots.", MetricType::Counter,
     [](const measured_topology& t) { return number(t.view.run.snapshots); }},
    {"millrace_snapshot_failures_total", "Snapshots that came to nothing.", MetricType::Counter,
     [](const measured_topology& t) { return number(t.view.run.snapshot_failures); }},
    {"millrace_snapshots_failing", "Snapshots that failed since the newest complete one; 0: they do not fail.",
     MetricType::Gauge, [](const measured_topology& t) { return number(t.view.run.failing.in_a_row); }},
    {"millrace_retained_bytes", "In memory, of all topologies: sent, and kept for tasks to come back alone.",
     MetricType::Gauge, [](const measured_topology& t) { return number(t.view.run.retained.bytes); }},
    {"millrace_retained_disk_bytes", "The same of this one on the disk.", MetricType::Gauge,
     [](const measured_topology& t) { return number(t.view.run.retained.disk_bytes); }},
    {"millrace_retained_disk_refused", "1 while nothing more of that goes to the disk.", MetricType::Gauge,
     [](const measured_topology& t) { return t.view.run.retained.disk_refused.empty() ? 0.0 : 1.0; }},
    {"millrace_snapshot_duration_seconds", "Of the newest snapshot: barrier to durable.", MetricType::Gauge,
     [](const measured_topology& t) { return seconds(t.view.run.last_snapshot_duration); }},
    {"millrace_snapshot_write_seconds", "Of that: writing.", MetricType::Gauge,
     [](const measured_topology& t) { return seconds(t.view.run.last_snapshot_write); }},
    {"millrace_snapshot_size_bytes", "Written for the newest snapshot.", MetricType::Gauge,
     [](const measured_topology& t) { return number(t.view.run.last_snapshot_bytes); }},
    {"millrace_snapshot_open_seconds", "How long the one under way has been so; 0: there is none.", MetricType::Gauge,
     [](const measured_topology& t) { return seconds(t.view.run.snapshot_open_for); }},
    {"millrace_snapshot_age_seconds", "Since the newest complete snapshot of this run; 0: there is none.",
     MetricType::Gauge, [](const measured_topology& t) { return seconds(t.view.run.since_last_snapshot); }},
};

/// How far its watermark is behind the clock; 0 while unknown and after the end.
double watermark_lag(const actor_of& a) {
  event_time least = event_time::max();
  for (const auto* t : a.tasks) least = std::min(least, t->now.watermark);
  if (least == event_time::min() || least == event_time::max()) return 0;
  return seconds(std::chrono::nanoseconds{a.topology->view.run.taken_at.ns - least.ns});
}

using actor_rule = metric_rule<actor_of>;
constexpr actor_rule actor_rules[] = {
    {"millrace_actor_events_in_total", "Events taken, replayed ones included.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.events_in); }); }},
    {"millrace_actor_events_out_total", "Events sent, replayed ones included.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.events_out); }); }},
    {"millrace_actor_dead_letters_total", "Events given up.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.dead_letters); }); }},
    {"millrace_actor_late_events_total", "Events that came too late.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.late); }); }},
    {"millrace_actor_duplicate_events_total", "Events left out because they had been seen.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.duplicates); }); }},
    {"millrace_actor_retries_total", "Handlers tried again.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.retries); }); }},
    {"millrace_actor_calls_total", "Attempts to call something outside.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.calls); }); }},
    {"millrace_actor_calls_failed_total", "Attempts to call something outside that failed.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.calls_failed); }); }},
    {"millrace_actor_task_starts_total", "How often its tasks were made.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.incarnation); }); }},
    {"millrace_actor_busy_seconds_total", "Working, over its tasks.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.busy_ns); }); }},
    {"millrace_actor_blocked_seconds_total", "Waiting for credit, over its tasks.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.blocked_ns); }); }},
    {"millrace_actor_ready_seconds_total", "Having work and waiting for a thread, over its tasks.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.ready_ns); }); }},
    {"millrace_actor_align_seconds_total", "Waiting for a snapshot's barrier on other inputs, over its tasks.",
     MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.align_ns); }); }},
    {"millrace_actor_freeze_seconds_total", "Standing still for snapshots, over its tasks.", MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.freeze_total_ns); }); }},
    {"millrace_actor_queue_wait_seconds_total", "Of events followed: how long they waited to be taken.",
     MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.queue_ns); }); }},
    {"millrace_actor_queue_wait_events_total", "Events that were followed to learn how long they wait.",
     MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.queue_events); }); }},
    {"millrace_actor_network_seconds_total", "Of events from other nodes that were followed: how long their way took.",
     MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return seconds(t.now.network_ns); }); }},
    {"millrace_actor_network_events_total", "Events from other nodes that were followed to learn how long they take.",
     MetricType::Counter,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.network_events); }); }},
    {"millrace_actor_input_fill_ratio", "Credit used of the fullest channel to it, on average over a second.",
     MetricType::Gauge, [](const actor_of& a) { return a.input_fill; }},
    {"millrace_actor_oldest_unfinished_event_seconds", "Age of the oldest event that waits for it or that it handles.",
     MetricType::Gauge,
     [](const actor_of& a) { return a.most([](const task_view& t) { return seconds(t.now.oldest_unfinished); }); }},
    {"millrace_actor_in_step_seconds", "How long its longest step under way has taken so far.", MetricType::Gauge,
     [](const actor_of& a) { return a.most([](const task_view& t) { return seconds(t.now.stepping_for); }); }},
    {"millrace_actor_watermark_lag_seconds", "How far its watermark is behind the clock.", MetricType::Gauge,
     watermark_lag},
    {"millrace_actor_backlog_events", "Producers: events still to be read, where that is known.", MetricType::Gauge,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.backlog); }); }},
    {"millrace_actor_state_rows", "Keys it keeps state of.", MetricType::Gauge,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.state_rows); }); }},
    {"millrace_actor_state_bytes", "State in memory.", MetricType::Gauge,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.state_bytes); }); }},
    {"millrace_actor_state_spilled_bytes", "State on disk because the memory limit is reached.", MetricType::Gauge,
     [](const actor_of& a) { return a.sum([](const task_view& t) { return number(t.now.state_spilled_bytes); }); }},
};

// Seconds; from what one actor takes to what people give up on.
constexpr std::array latency_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                    0.25,   0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};

ClientMetric::Histogram latency_of(const actor_of& a) {
  ClientMetric::Histogram out;
  for (const auto bound : latency_bounds) out.bucket.push_back({0, bound});
  for (const auto* t : a.tasks) {
    for (std::size_t i = 0; i < latency_histogram::buckets; ++i) {
      const auto n = t->now.latency[i];
      if (n == 0) continue;
      const auto at_most = static_cast<double>(latency_histogram::upper_bound_ns(i)) / 1e9;
      out.sample_count += n;
      out.sample_sum += static_cast<double>(n) * at_most;
      for (auto& b : out.bucket) b.cumulative_count += at_most <= b.upper_bound ? n : 0;
    }
  }
  return out;
}

std::vector<actor_of> actors_of(const measured_topology& t) {
  std::vector<actor_of> out;
  // Tasks stand by actor.
  for (const auto& task : t.view.tasks) {
    if (out.empty() || out.back().tasks.front()->now.actor != task.now.actor) out.push_back({&t, {}});
    out.back().tasks.push_back(&task);
  }
  for (const auto& c : t.view.channels) {
    const auto& target = t.view.tasks[c.now.target.value].now.actor;
    const auto at = std::ranges::find_if(out, [&](const actor_of& a) { return a.tasks.front()->now.actor == target; });
    if (at != out.end()) at->input_fill = std::max(at->input_fill, c.fill);
  }
  return out;
}

ClientMetric labelled_topology(const measured_topology& t) {
  ClientMetric m;
  m.label = {{"topology", t.name}};
  return m;
}
ClientMetric labelled_actor(const actor_of& a) {
  auto m = labelled_topology(*a.topology);
  m.label.push_back({"actor", a.tasks.front()->now.actor});
  return m;
}

}  // namespace

std::string metrics_text(const std::vector<measured_topology>& topologies, const measured_process& process) {
  std::vector<actor_of> actors;
  for (const auto& t : topologies) {
    for (auto& a : actors_of(t)) actors.push_back(std::move(a));
  }
  const auto left_out = actors.size() > metrics_actors_max ? actors.size() - metrics_actors_max : 0;
  if (left_out != 0) actors.resize(metrics_actors_max);

  auto families = process_families(process);
  for (const auto& rule : topology_rules) families.push_back(family_of(rule, topologies, labelled_topology));
  for (const auto& rule : actor_rules) families.push_back(family_of(rule, actors, labelled_actor));
  for (auto& family : task_families(topologies)) families.push_back(std::move(family));
  MetricFamily latency{"millrace_event_latency_seconds",
                       "From entering the topology to handled at a sink; exact to 6 %.",
                       MetricType::Histogram,
                       {}};
  for (const auto& a : actors) {
    if (a.tasks.front()->now.kind != "sink") continue;
    auto m = labelled_actor(a);
    m.histogram = latency_of(a);
    latency.metric.push_back(std::move(m));
  }
  families.push_back(std::move(latency));
  MetricFamily missing{"millrace_metrics_actors_left_out", "Actors this page has no room for.", MetricType::Gauge, {}};
  missing.metric.emplace_back().gauge.value = static_cast<double>(left_out);
  families.push_back(std::move(missing));
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, families);
  return out.str();
}

}  // namespace millrace::node
