#pragma once

#include <string>
#include <vector>

#include "node/metrics/measured_process.hpp"
#include "node/status_view.hpp"

namespace millrace::node {

/// A topology of this process as monitoring sees it.
struct measured_topology {
  std::string name{};
  bool is_wanted = true;
  bool is_running = false;  ///< restoring and stopping are not
  bool has_failed = false;
  std::string state{};  ///< in a word, for people
  status_view view{};   ///< without tasks while it does not run
};

/// Actors beyond so many are left out of a page, and counted: each has some twenty series.
inline constexpr std::size_t metrics_actors_max = 512;

/// Tasks of a topology, and of all of them together, beyond so many have no series of their own, and are counted.
inline constexpr std::size_t metrics_tasks_max = 256;
inline constexpr std::size_t metrics_page_tasks_max = 2048;

/// The page that Prometheus reads (text format 0.0.4). Partitions are added up: an actor is one series of each metric,
/// but for a few that each task has.
/// Metrics: docs/monitoring.md. Pure.
[[nodiscard]] std::string metrics_text(const std::vector<measured_topology>& topologies,
                                       const measured_process& process = {});

}  // namespace millrace::node
