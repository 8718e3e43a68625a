#include "node/alerts/alert_readings.hpp"

#include <algorithm>
#include <array>

#include "node/status_json.hpp"

namespace millrace::node {

namespace {

using engine::alert_reading;

constexpr std::array measures{
    "failed",          "not_running",      "oldest_unfinished_s", "since_progress_s",
    "snapshot_age_s",  "snapshot_open_s",  "snapshot_failures",   "restarts_10m",
    "watermark_lag_s", "latency_p50_ms",   "latency_p99_ms",      "dead_letters_per_s",
    "late_per_s",      "retries_per_s",    "error_share",         "input_fill",
    "blocked_share",   "backlog",          "in_step_s",           "state_bytes",
    "events_in_per_s", "events_out_per_s",
};

constexpr std::chrono::minutes restarts_within{10};

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

/// The tasks of an actor taken together.
struct actor_sums {
  std::uint64_t dead_letters = 0, late = 0, retries = 0, events_in = 0, backlog = 0, state_bytes = 0;
  std::chrono::nanoseconds p50{}, p99{}, oldest{}, in_step{};
  double blocked = 0, fill = 0, in_per_s = 0, out_per_s = 0;
  event_time watermark = event_time::max();
  bool is_sink = false;

  void add(const task_view& v) {
    dead_letters += v.now.dead_letters;
    late += v.now.late;
    retries += v.now.retries;
    events_in += v.now.events_in;
    in_per_s += v.in_per_s;
    out_per_s += v.out_per_s;
    backlog += v.now.backlog;
    state_bytes += v.now.state_bytes;
    p50 = std::max(p50, v.p50);
    p99 = std::max(p99, v.p99);
    oldest = std::max(oldest, v.now.oldest_unfinished);
    in_step = std::max(in_step, v.now.stepping_for);
    blocked = std::max(blocked, v.blocked_share);
    watermark = std::min(watermark, v.now.watermark);
    is_sink = v.now.kind == "sink";
  }
};

double growth(std::uint64_t now, std::uint64_t before) {
  return now > before ? static_cast<double>(now - before) : 0;
}

}  // namespace

bool is_alert_measure(const std::string& name) {
  return std::ranges::find(measures, name) != measures.end();
}

std::string alert_measures_text() {
  std::string out;
  for (const auto* m : measures) out += (out.empty() ? "" : ", ") + std::string{m};
  return out;
}

std::vector<alert_reading> alert_readings::look(const std::vector<measured_topology>& topologies, time_point now) {
  std::vector<alert_reading> out;
  const auto since = looked_ == time_point{} ? 0.0 : seconds(now - looked_);
  looked_ = now;
  for (const auto& t : topologies) {
    out.push_back({t.name, "", "failed", t.has_failed ? 1.0 : 0.0});
    out.push_back({t.name, "", "not_running", t.is_wanted && !t.is_running && t.state != "finished" ? 1.0 : 0.0});
    if (t.view.tasks.empty()) continue;
    look_at_run(t, now, out);
    look_at_actors(t, since, out);
  }
  const auto is_gone = [&](const std::string& name) {
    return std::ranges::none_of(topologies, [&](const auto& t) {
      return name.starts_with(t.name) && (name.size() == t.name.size() || name[t.name.size()] == '/');
    });
  };
  std::erase_if(before_, [&](const auto& b) { return is_gone(b.first); });
  std::erase_if(restarts_, [&](const auto& r) { return is_gone(r.first); });
  return out;
}

void alert_readings::look_at_run(const measured_topology& t, time_point now, std::vector<alert_reading>& out) {
  const auto& run = t.view.run;
  const auto tell = [&](const char* measure, double value) { out.push_back({t.name, "", measure, value}); };
  const auto oldest = oldest_unfinished(t.view);
  tell("oldest_unfinished_s", seconds(oldest));
  // Without anything to do nobody makes progress.
  tell("since_progress_s", oldest.count() == 0 ? 0 : seconds(since_progress(t.view)));
  const bool has_snapshots = run.snapshot_interval.count() != 0;
  const auto age = run.snapshots == 0 ? run.uptime : run.since_last_snapshot;
  tell("snapshot_age_s", has_snapshots && t.is_running ? seconds(age) : 0);
  tell("snapshot_open_s", seconds(run.snapshot_open_for));
  tell("snapshot_failures", static_cast<double>(run.snapshot_failures));
  // One entry for each change: a run cannot restart often within ten minutes, its policies end it.
  auto& counts = restarts_[t.name];
  // Another run, which counts from nothing.
  if (!counts.empty() && run.restarts < counts.back().restarts) counts = {{now, 0}};
  if (counts.empty() || counts.back().restarts != run.restarts) counts.push_back({now, run.restarts});
  while (counts.size() > 1 && now - counts[1].at >= restarts_within) counts.pop_front();
  tell("restarts_10m", growth(run.restarts, counts.front().restarts));
}

void alert_readings::look_at_actors(const measured_topology& t, double since, std::vector<alert_reading>& out) {
  std::map<std::string, actor_sums> actors;
  for (const auto& v : t.view.tasks) actors[v.now.actor].add(v);
  for (const auto& c : t.view.channels) {
    auto& fill = actors[t.view.tasks[c.now.target.value].now.actor].fill;
    fill = std::max(fill, c.fill);
  }
  for (const auto& [name, a] : actors) {
    const auto tell = [&, &actor = name](const char* measure, double value) {
      out.push_back({t.name, actor, measure, value});
    };
    const auto key = t.name + "/" + name;
    const auto known = before_.find(key);
    const auto last = known == before_.end() ? totals{a.dead_letters, a.late, a.retries, a.events_in} : known->second;
    before_[key] = {a.dead_letters, a.late, a.retries, a.events_in};
    const auto rate = [&](std::uint64_t now, std::uint64_t before) {
      return since > 0 ? growth(now, before) / since : 0.0;
    };
    const auto failed = growth(a.dead_letters, last.dead_letters);
    const auto taken = growth(a.events_in, last.events_in);
    tell("dead_letters_per_s", rate(a.dead_letters, last.dead_letters));
    tell("late_per_s", rate(a.late, last.late));
    tell("retries_per_s", rate(a.retries, last.retries));
    // Nothing is known of the time before the first look, nor of the first second of another run; a rule about too
    // little would fire.
    if (known != before_.end() && a.events_in >= last.events_in) {
      tell("events_in_per_s", a.in_per_s);
      tell("events_out_per_s", a.out_per_s);
    }
    tell("error_share", failed == 0 ? 0 : failed / std::max(taken, failed));
    tell("oldest_unfinished_s", seconds(a.oldest));
    tell("in_step_s", seconds(a.in_step));
    tell("input_fill", a.fill);
    tell("blocked_share", a.blocked);
    tell("backlog", static_cast<double>(a.backlog));
    tell("state_bytes", static_cast<double>(a.state_bytes));
    const bool has_watermark = a.watermark != event_time::min() && a.watermark != event_time::max();
    tell("watermark_lag_s",
         has_watermark ? seconds(std::chrono::nanoseconds{t.view.run.taken_at.ns - a.watermark.ns}) : 0);
    if (!a.is_sink) continue;
    tell("latency_p50_ms", seconds(a.p50) * 1000);
    tell("latency_p99_ms", seconds(a.p99) * 1000);
  }
}

}  // namespace millrace::node
