#include "node/metrics/task_families.hpp"

#include <algorithm>
#include <string>

#include "node/metrics/metric_rule.hpp"

namespace millrace::node {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct task_of {
  const measured_topology* topology;
  const task_view* task;
  double input_fill = 0;
  double waiting = 0;
};

using task_rule = metric_rule<task_of>;
constexpr task_rule task_rules[] = {
    {"millrace_task_events_in_total", "Events taken, replayed ones included.", MetricType::Counter,
     [](const task_of& t) { return number(t.task->now.events_in); }},
    {"millrace_task_busy_seconds_total", "Working: the rate is the share of the time.", MetricType::Counter,
     [](const task_of& t) { return seconds(t.task->now.busy_ns); }},
    {"millrace_task_input_fill_ratio", "Credit used of the fullest channel to it, on average over a second.",
     MetricType::Gauge, [](const task_of& t) { return t.input_fill; }},
    {"millrace_task_waiting_events", "Sent to it and not done with.", MetricType::Gauge,
     [](const task_of& t) { return t.waiting; }},
    {"millrace_task_backlog_events", "Producers: events still to be read, where that is known.", MetricType::Gauge,
     [](const task_of& t) { return number(t.task->now.backlog); }},
};

/// As many as there is room for; how many were left out.
std::size_t add_tasks(const measured_topology& t, std::vector<task_of>& to) {
  const auto begin = to.size();
  const auto shown = std::min({t.view.tasks.size(), metrics_tasks_max, metrics_page_tasks_max - begin});
  for (std::size_t i = 0; i < shown; ++i) to.push_back({&t, &t.view.tasks[i]});
  for (const auto& c : t.view.channels) {
    if (c.now.target.value >= shown) continue;
    auto& target = to[begin + c.now.target.value];
    target.input_fill = std::max(target.input_fill, c.fill);
    // The two are read one after the other.
    if (c.now.sent > c.now.done) target.waiting += number(c.now.sent - c.now.done);
  }
  return t.view.tasks.size() - shown;
}

ClientMetric labelled(const task_of& t) {
  ClientMetric m;
  m.label = {{"topology", t.topology->name},
             {"actor", t.task->now.actor},
             {"partition", std::to_string(t.task->now.partition)}};
  return m;
}

}  // namespace

std::vector<MetricFamily> task_families(const std::vector<measured_topology>& topologies) {
  MetricFamily left_out{
      "millrace_metrics_tasks_left_out", "Tasks without metrics of their own: too many.", MetricType::Gauge, {}};
  std::vector<task_of> tasks;
  for (const auto& t : topologies) {
    auto& m = left_out.metric.emplace_back();
    m.label = {{"topology", t.name}};
    m.gauge.value = number(add_tasks(t, tasks));
  }
  std::vector<MetricFamily> out;
  for (const auto& rule : task_rules) out.push_back(family_of(rule, tasks, labelled));
  out.push_back(std::move(left_out));
  return out;
}

}  // namespace millrace::node
