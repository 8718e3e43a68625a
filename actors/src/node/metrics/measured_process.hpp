#pragma once

#include <optional>
#include <string>
#include <vector>

#include "millrace/transport/link_hub.hpp"
#include "node/access/refusal_counts.hpp"
#include "node/alerts/firing_alerts.hpp"
#include "node/metrics/process_probe.hpp"

namespace millrace::node {

/// The link to one other node.
struct measured_link {
  std::string peer{};
  transport::link_statistics figures{};
};

/// What monitoring sees of a process beside its topologies.
struct measured_process {
  process_figures own{};
  std::vector<measured_link> links{};
  std::optional<refusal_counts> refused{};        ///< nothing: nobody can ask it over the network
  std::optional<std::uint64_t> link_strangers{};  ///< refused at the port for other nodes; nothing: there is none
  std::optional<firing_alerts> firing{};          ///< nothing: there are no rules
};

}  // namespace millrace::node
