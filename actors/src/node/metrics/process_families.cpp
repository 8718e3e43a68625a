#include "node/metrics/process_families.hpp"

#include <string>
#include <utility>

#include "node/metrics/metric_rule.hpp"

namespace millrace::node {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct process_rule {
  const char* name;
  const char* help;
  MetricType type;
  std::optional<double> (*value)(const measured_process&);
};

std::optional<double> known(const std::optional<std::uint64_t>& n) {
  return n ? std::optional{number(*n)} : std::nullopt;
}

// Names as Prometheus' own clients have them, so that what is there for those fits.
constexpr process_rule process_rules[] = {
    {"process_resident_memory_bytes", "Of the process, in memory.", MetricType::Gauge,
     [](const measured_process& p) { return known(p.own.resident_bytes); }},
    {"process_cpu_seconds_total", "Of processors, by all threads of the process.", MetricType::Counter,
     [](const measured_process& p) { return p.own.cpu_seconds; }},
    {"process_open_fds", "Open files and sockets.", MetricType::Gauge,
     [](const measured_process& p) { return known(p.own.open_fds); }},
    {"process_max_fds", "Open files and sockets that the process may have.", MetricType::Gauge,
     [](const measured_process& p) { return known(p.own.fds_max); }},
    {"process_start_time_seconds", "When the process began, since 1970.", MetricType::Gauge,
     [](const measured_process& p) { return p.own.started_at; }},
    {"millrace_data_disk_free_bytes", "Of the disk with the data folder, for users other than root.", MetricType::Gauge,
     [](const measured_process& p) {
       return p.own.data_disk ? std::optional{number(p.own.data_disk->free_bytes)} : std::nullopt;
     }},
    {"millrace_data_disk_size_bytes", "Of the disk with the data folder.", MetricType::Gauge,
     [](const measured_process& p) {
       return p.own.data_disk ? std::optional{number(p.own.data_disk->size_bytes)} : std::nullopt;
     }},
    {"millrace_control_connections_refused_total", "From the network, with a key that is not known.",
     MetricType::Counter,
     [](const measured_process& p) {
       return p.refused ? std::optional{number(p.refused->connections)} : std::nullopt;
     }},
    {"millrace_control_requests_denied_total", "Denied, as a rule because the key does not allow them, or none.",
     MetricType::Counter,
     [](const measured_process& p) { return p.refused ? std::optional{number(p.refused->requests)} : std::nullopt; }},
    {"millrace_link_connections_refused_total", "At the port for other nodes, with a key that is not known.",
     MetricType::Counter, [](const measured_process& p) { return known(p.link_strangers); }},
};

using link_rule = metric_rule<measured_link>;
constexpr link_rule link_rules[] = {
    {"millrace_link_reached", "1 while the other node answers.", MetricType::Gauge,
     [](const measured_link& l) { return l.figures.is_reached ? 1.0 : 0.0; }},
    {"millrace_link_round_trip_seconds", "To the other node and back, smoothed; 0: not yet known.", MetricType::Gauge,
     [](const measured_link& l) { return seconds(l.figures.round_trip); }},
    {"millrace_link_sent_bytes_total", "To the other node, those sent again included, before encryption.",
     MetricType::Counter, [](const measured_link& l) { return number(l.figures.bytes_sent); }},
    {"millrace_link_received_bytes_total", "From the other node.", MetricType::Counter,
     [](const measured_link& l) { return number(l.figures.bytes_received); }},
    {"millrace_link_messages_sent_total", "To the other node; one carries many frames.", MetricType::Counter,
     [](const measured_link& l) { return number(l.figures.messages_sent); }},
    {"millrace_link_messages_received_total", "From the other node, those that came twice included.",
     MetricType::Counter, [](const measured_link& l) { return number(l.figures.messages_received); }},
    {"millrace_link_messages_resent_total", "Sent again because they were lost on the way.", MetricType::Counter,
     [](const measured_link& l) { return number(l.figures.messages_resent); }},
    {"millrace_link_connections_total", "Made to the other node, the first one included.", MetricType::Counter,
     [](const measured_link& l) { return number(l.figures.connections); }},
    {"millrace_link_losses_total", "How often the other node was lost: restarted, or silent for too long.",
     MetricType::Counter, [](const measured_link& l) { return number(l.figures.losses); }},
    {"millrace_link_duplicates_dropped_total", "Messages that came twice.", MetricType::Counter,
     [](const measured_link& l) { return number(l.figures.duplicates_dropped); }},
    {"millrace_link_queued_bytes", "Waiting to be sent.", MetricType::Gauge,
     [](const measured_link& l) { return number(l.figures.bytes_queued); }},
    {"millrace_link_unacknowledged_bytes", "Sent, and not yet known to have arrived.", MetricType::Gauge,
     [](const measured_link& l) { return number(l.figures.bytes_unacknowledged); }},
};

/// What came from other nodes and was not taken, by why.
MetricFamily refused_family(const std::vector<measured_link>& links) {
  using transport::link_statistics;
  constexpr std::pair<const char*, std::uint64_t link_statistics::*> reasons[] = {
      {"malformed", &link_statistics::malformed_refused},
      {"stale", &link_statistics::stale_refused},
      {"gap", &link_statistics::gaps_refused},
      {"unknown_channel", &link_statistics::unknown_channels},
  };
  MetricFamily family{
      "millrace_link_refused_total",
      "What came from the other node and was not taken: not of the protocol, of an earlier life, before a message that "
      "was lost, for a channel that is not open.",
      MetricType::Counter,
      {}};
  for (const auto& l : links) {
    for (const auto& [reason, count] : reasons) {
      auto& m = family.metric.emplace_back();
      m.label = {{"peer", l.peer}, {"reason", reason}};
      m.counter.value = number(l.figures.*count);
    }
  }
  return family;
}

MetricFamily firing_family(const firing_alerts& firing) {
  MetricFamily family{"millrace_alerts_firing", "Alerts that fire now, in maintenance too.", MetricType::Gauge, {}};
  for (const auto& [severity, n] :
       {std::pair{"info", firing.info}, {"warning", firing.warning}, {"critical", firing.critical}}) {
    auto& m = family.metric.emplace_back();
    m.label = {{"severity", severity}};
    m.gauge.value = number(n);
  }
  return family;
}

}  // namespace

std::vector<MetricFamily> process_families(const measured_process& process) {
  std::vector<MetricFamily> out;
  for (const auto& rule : process_rules) {
    const auto value = rule.value(process);
    if (!value) continue;
    auto& m = out.emplace_back(MetricFamily{rule.name, rule.help, rule.type, {}}).metric.emplace_back();
    (rule.type == MetricType::Counter ? m.counter.value : m.gauge.value) = *value;
  }
  if (process.firing) out.push_back(firing_family(*process.firing));
  if (process.links.empty()) return out;
  const auto labelled = [](const measured_link& l) {
    ClientMetric m;
    m.label = {{"peer", l.peer}};
    return m;
  };
  for (const auto& rule : link_rules) out.push_back(family_of(rule, process.links, labelled));
  out.push_back(refused_family(process.links));
  return out;
}

}  // namespace millrace::node
