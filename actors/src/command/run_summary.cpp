#include "command/run_summary.hpp"

#include <algorithm>
#include <filesystem>

#include "command/figures.hpp"
#include "command/hot_key_advice.hpp"

namespace millrace::command {

namespace {

using outcome_kind = runtime::run_outcome::kind;

constexpr std::size_t label_cells = 14;

std::string labelled(std::string label, const std::string& text) {
  label.resize(std::max(label.size() + 1, label_cells), ' ');
  return "  " + label + text + "\n";
}

std::string headline(const run_result& r) {
  const auto& name = r.totals.run.topology;
  const auto after = " after " + span_text(r.totals.run.uptime);
  switch (r.outcome.how) {
    case outcome_kind::finished:
      if (was_finished_before(r)) {
        return name + ": nothing left to do: " + r.data_dir +
               " holds a finished run (remove it, or give another --data-dir, to start over)\n";
      }
      return name + ": finished" + after + "\n";
    case outcome_kind::stopped:
      return name + ": stopped" + after + "\n";
    case outcome_kind::failed:
      return name + ": failed" + after + "\n";
  }
  return {};
}

std::string lines_of(const run_result& r, const char* kind, const char* label) {
  std::string text;
  for (const auto& a : totals_of(r.totals)) {
    if (a.kind != kind) continue;
    text += labelled(label, exact_text(a.events) + " events by " + a.actor + " (" + count_text(a.per_s) + "/s)");
  }
  return text;
}

std::string dead_letter_lines(const run_result& r) {
  std::string text;
  for (const auto& a : totals_of(r.totals)) {
    if (a.dead_letters != 0) text += labelled("dead letters", exact_text(a.dead_letters) + " at " + a.actor);
  }
  return text;
}

/// Late events, and how much disorder each source would have to declare for nearly none to be late.
std::string late_lines(const run_result& r) {
  constexpr double share_in_time = 0.999;
  std::string text;
  for (const auto& a : totals_of(r.totals)) {
    if (a.late != 0) text += labelled("late", exact_text(a.late) + " of " + exact_text(a.events) + " at " + a.actor);
  }
  if (text.empty()) return text;
  for (const auto& a : totals_of(r.totals)) {
    const std::chrono::nanoseconds bound{engine::latency_histogram::quantile(a.disorder, share_in_time)};
    if (bound.count() > 1000) {
      text += labelled("", "99.9% of what " + a.actor + " reads comes within " + span_text(bound) +
                               " of the newest event: with 'disorder' so long nearly all would be in time");
    }
  }
  return text;
}

std::string epoch_line(const runtime::run_status& s) {
  std::string text = std::to_string(s.snapshots);
  if (s.last_epoch.value != 0) text += ", the last is epoch " + std::to_string(s.last_epoch.value);
  if (s.restored_epoch.value != 0) text += ", restored from epoch " + std::to_string(s.restored_epoch.value);
  if (s.snapshot_failures != 0) text += ", failed " + std::to_string(s.snapshot_failures);
  if (s.restarts != 0) text += ", restarts " + std::to_string(s.restarts);
  return labelled("snapshots", text);
}

}  // namespace

std::vector<actor_place> places_of(const engine::plan& p, actor_kind kind) {
  std::vector<actor_place> places;
  for (const auto& task : p.tasks) {
    if (task.partition != 0) continue;
    const auto instance = p.instantiate(task.id);
    if (instance->kind() != kind) continue;
    for (const auto* param : engine::actor_access::params(*instance)) {
      const auto value = param->get();
      const auto* text = std::get_if<std::string>(&value);
      if (!param->options().is_path || text == nullptr || text->empty()) continue;
      const auto path = std::filesystem::path{p.spec.base_folder} / *text;
      places.push_back({p.spec.actors[task.actor].name, path.lexically_normal().string()});
    }
  }
  return places;
}

std::vector<actor_total> totals_of(const node::status_view& whole_run) {
  std::vector<actor_total> totals;
  for (const auto& t : whole_run.tasks) {
    if (totals.empty() || totals.back().actor != t.now.actor) totals.push_back({t.now.actor, t.now.kind});
    auto& sum = totals.back();
    const bool is_producer = t.now.kind == "producer";
    sum.events += is_producer ? t.now.events_out : t.now.events_in;
    sum.per_s += is_producer ? t.out_per_s : t.in_per_s;
    sum.dead_letters += t.now.dead_letters;
    sum.late += t.now.late;
    for (std::size_t i = 0; i < sum.disorder.size(); ++i) sum.disorder[i] += t.now.disorder[i];
  }
  return totals;
}

bool was_finished_before(const run_result& r) {
  const auto reads = [](const node::task_view& t) { return t.now.events_in != 0 || t.now.events_out != 0; };
  return r.outcome.how == outcome_kind::finished && r.totals.run.restored_epoch.value != 0 &&
         std::ranges::none_of(r.totals.tasks, reads);
}

std::string summary_text(const run_result& r, const engine::plan& p) {
  auto text = headline(r);
  if (!was_finished_before(r)) {
    text += lines_of(r, "producer", "read") + lines_of(r, "sink", "written") + dead_letter_lines(r) + late_lines(r);
    text += epoch_line(r.totals.run);
    for (const auto& s : skews_of(r.totals, p)) text += labelled("hot key", advice_on(s));
  }
  for (const auto& place : places_of(p, actor_kind::sink)) text += labelled("output", place.actor + " → " + place.path);
  if (r.outcome.how == outcome_kind::stopped) {
    text += labelled("to resume", "run it again with the same data directory, " + r.data_dir);
  }
  return text;
}

}  // namespace millrace::command
