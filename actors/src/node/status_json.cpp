#include "node/status_json.hpp"

#include <algorithm>
#include <variant>

#include "millrace/text/time_text.hpp"

namespace millrace::node {

namespace {

template <class Period>
double as(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, Period>(d).count();
}

nlohmann::json hot_keys_json(const std::vector<engine::hot_key>& keys) {
  auto out = nlohmann::json::array();
  for (const auto& k : keys) {
    out.push_back({{"key", nlohmann::json::parse(k.key, nullptr, false)}, {"share", k.share}, {"error", k.error}});
  }
  return out;
}

/// How far events come behind the newest before them; null for tasks that give no event times.
nlohmann::json disorder_json(const engine::latency_histogram::counts& disorder) {
  if (engine::latency_histogram::total(disorder) == 0) return nullptr;
  const auto at = [&](double share) {
    return as<std::milli>(std::chrono::nanoseconds{engine::latency_histogram::quantile(disorder, share)});
  };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p99.9", at(0.999)}, {"max", at(1)}};
}

nlohmann::json changes_json(const std::vector<runtime::changed_parameter>& all) {
  auto out = nlohmann::json::array();
  for (const auto& c : all) {
    auto value = c.is_secret ? nlohmann::json(masked_value)
                             : std::visit([](const auto& v) { return nlohmann::json(v); }, c.value);
    out.push_back({{"parameter", c.actor + "." + c.param},
                   {"value", std::move(value)},
                   {"from_epoch", c.from.value == 0 ? nlohmann::json{} : nlohmann::json(c.from.value)}});
  }
  return out;
}

nlohmann::json change_json(const runtime::health_change& c) {
  nlohmann::json out{{"state", to_string(c.now)}, {"since_ns", c.at.ns}};
  if (!c.why.empty()) out["why"] = c.why;
  return out;
}

nlohmann::json health_json(const runtime::task_status& t) {
  auto out = change_json(t.health);
  auto before = nlohmann::json::array();
  for (const auto& c : t.was) before.push_back(change_json(c));
  out["before"] = std::move(before);
  return out;
}

nlohmann::json recoveries_json(const std::vector<runtime::recovery_report>& all) {
  auto out = nlohmann::json::array();
  for (const auto& r : all) {
    nlohmann::json one{{"cause", r.cause},
                       {"scope", r.scope},
                       {"why", r.why},
                       {"tasks", r.tasks},
                       {"from_epoch", r.from.value},
                       {"failed_at_ns", r.failed_at.ns},
                       {"state_bytes", r.state_bytes},
                       {"is_over", r.is_over},
                       {"spent_ms",
                        {{"noticed", as<std::milli>(r.noticed)},
                         {"ended", as<std::milli>(r.ended)},
                         {"backed_off", as<std::milli>(r.backed_off)},
                         {"opened", as<std::milli>(r.opened)},
                         {"made", as<std::milli>(r.made)},
                         {"loaded", as<std::milli>(r.loaded)},
                         {"caught_up", as<std::milli>(r.caught_up)},
                         {"total", as<std::milli>(r.total())}}}};
    if (!r.obstacle.empty()) one["obstacle"] = r.obstacle;
    out.push_back(std::move(one));
  }
  return out;
}

/// Where an average event's time goes at this task.
nlohmann::json split_json(const task_view& v) {
  return {{"queue", as<std::micro>(v.queue)},     {"queue_p99", as<std::micro>(v.queue_p99)},
          {"service", as<std::micro>(v.service)}, {"credit_wait", as<std::micro>(v.credit_wait)},
          {"network", as<std::micro>(v.network)}, {"snapshot", as<std::micro>(v.snapshot)}};
}

}  // namespace

nlohmann::json instant_json(processing_time since) {
  if (since.ns == 0) return nullptr;
  std::string text;
  append_iso_time(text, {since.ns});
  return text;
}

nlohmann::json watermark_json(event_time t) {
  if (t == event_time::min()) return nullptr;
  if (t == event_time::max()) return "end";
  return t.ns;
}

nlohmann::json lag_json(event_time watermark, processing_time now) {
  if (watermark == event_time::min() || watermark == event_time::max()) return nullptr;
  return as<std::milli>(std::chrono::nanoseconds{now.ns - watermark.ns});
}

nlohmann::json task_json(const task_view& v, processing_time now) {
  const auto& t = v.now;
  nlohmann::json out{{"ready_share", v.ready_share},
                     {"idle_share", std::max(0.0, 1 - v.busy_share - v.blocked_share - v.ready_share)},
                     {"align_share", v.align_share},
                     {"freeze_share", v.freeze_share},
                     {"cpu_share", v.cpu_share < 0 ? nlohmann::json{} : nlohmann::json(v.cpu_share)},
                     {"in_step_ms", as<std::milli>(t.stepping_for)},
                     {"aligning_ms", as<std::milli>(t.aligning_for)},
                     {"since_progress_ms", as<std::milli>(t.since_progress)},
                     {"oldest_unfinished_ms", as<std::milli>(t.oldest_unfinished)},
                     {"latency_split_us", split_json(v)},
                     {"restarts", t.incarnation == 0 ? 0 : t.incarnation - 1},
                     {"snapshot_bytes", t.snapshot_bytes},
                     {"name", t.name},
                     {"actor", t.actor},
                     {"partition", t.partition},
                     {"kind", t.kind},
                     {"state", engine::to_string(t.phase)},
                     {"health", health_json(t)},
                     {"events_in", t.events_in},
                     {"events_out", t.events_out},
                     {"in_per_s", v.in_per_s},
                     {"out_per_s", v.out_per_s},
                     {"busy_share", v.busy_share},
                     {"blocked_share", v.blocked_share},
                     {"dead_letters", t.dead_letters},
                     {"retries", t.retries},
                     {"duplicates", t.duplicates},
                     {"late", t.late},
                     {"disorder_ms", disorder_json(t.disorder)},
                     {"state_rows", t.state_rows},
                     {"state_bytes", t.state_bytes},
                     {"state_spilled_bytes", t.state_spilled_bytes},
                     {"state_faults", t.state_faults},
                     {"state_expired", t.state_expired},
                     {"backlog", t.backlog},
                     {"muted", t.is_muted},
                     {"muted_events", t.muted_events},
                     {"credit_used", t.credit_used},
                     {"credit_window", t.credit_window},
                     {"freeze_us", as<std::micro>(std::chrono::nanoseconds{t.freeze_ns})},
                     {"watermark_ns", watermark_json(t.watermark)},
                     {"watermark_lag_ms", lag_json(t.watermark, now)},
                     {"hot_keys", hot_keys_json(t.hot_keys)},
                     {"latency_p50_us", as<std::micro>(v.p50)},
                     {"latency_p99_us", as<std::micro>(v.p99)},
                     {"latency_p99_9_us", as<std::micro>(v.p99_9)}};
  if (!t.node.empty()) out["node"] = t.node;
  if (t.calls != 0) {
    out["calls"] = {{"attempts", t.calls}, {"failed", t.calls_failed}, {"circuit", to_string(t.circuit)}};
  }
  if (!t.stopped_at.empty()) out["stopped_at"] = t.stopped_at;
  return out;
}

std::chrono::nanoseconds oldest_unfinished(const status_view& view) {
  std::chrono::nanoseconds oldest{};
  for (const auto& t : view.tasks) oldest = std::max(oldest, t.now.oldest_unfinished);
  return oldest;
}

std::chrono::nanoseconds since_progress(const status_view& view) {
  if (view.tasks.empty()) return {};
  const auto by = [](const task_view& t) { return t.now.since_progress; };
  return by(*std::ranges::min_element(view.tasks, {}, by));
}

runtime::health worst_health(const status_view& view) {
  auto worst = view.run.failing.in_a_row == 0 ? runtime::health::running : runtime::health::degraded;
  for (const auto& t : view.tasks) worst = std::max(worst, t.now.health.now);
  const bool is_starting =
      std::ranges::any_of(view.tasks, [](const auto& t) { return t.now.health.now == runtime::health::starting; });
  return is_starting && worst == runtime::health::running ? runtime::health::starting : worst;
}

std::string failing_sentence(const runtime::run_status& run) {
  const auto& f = run.failing;
  if (f.in_a_row == 0) return {};
  return "snapshots fail: " + f.why + " (" + std::to_string(f.in_a_row) + " since " +
         instant_json(f.since).get<std::string>() + ")";
}

nlohmann::json retained_json(const runtime::retained_status& r) {
  nlohmann::json out{{"bytes", r.bytes},
                     {"bytes_max", r.bytes_max},
                     {"disk_bytes", r.disk_bytes},
                     {"disk_bytes_max", r.disk_bytes_max}};
  if (!r.disk_refused.empty()) out["disk_refused"] = r.disk_refused;
  return out;
}

nlohmann::json run_json(const status_view& view) {
  const auto& r = view.run;
  return {{"topology", r.topology},
          {"state", r.state},
          {"paused_since", instant_json(r.paused_since)},
          {"changed_parameters", changes_json(r.changed)},
          {"uptime_s", as<std::ratio<1>>(r.uptime)},
          {"restarts", r.restarts},
          {"restored_epoch", r.restored_epoch.value},
          {"last_epoch", r.last_epoch.value},
          {"snapshots", r.snapshots},
          {"snapshot_failures", r.snapshot_failures},
          {"snapshot_ms", as<std::milli>(r.last_snapshot_duration)},
          {"snapshot_age_s", as<std::ratio<1>>(r.since_last_snapshot)},
          {"snapshot_write_ms", as<std::milli>(r.last_snapshot_write)},
          {"snapshot_bytes", r.last_snapshot_bytes},
          {"snapshot_open_s", as<std::ratio<1>>(r.snapshot_open_for)},
          {"oldest_unfinished_ms", as<std::milli>(oldest_unfinished(view))},
          {"since_progress_ms", as<std::milli>(since_progress(view))},
          {"health", to_string(worst_health(view))},
          {"health_reason", failing_sentence(r)},
          {"snapshots_failing", r.failing.in_a_row},
          {"retained", retained_json(r.retained)},
          {"recoveries", recoveries_json(r.recoveries)},
          {"notes", r.notes}};
}

nlohmann::json to_json(const status_view& view) {
  auto out = run_json(view);
  auto tasks = nlohmann::json::array();
  for (const auto& t : view.tasks) tasks.push_back(task_json(t, view.run.taken_at));
  out["tasks"] = std::move(tasks);
  return out;
}

}  // namespace millrace::node
