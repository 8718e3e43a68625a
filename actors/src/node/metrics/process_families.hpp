#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "node/metrics/measured_process.hpp"

namespace millrace::node {

/// Metrics of the process and of its links to other nodes; what is not known of it is left out. Pure.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_families(const measured_process& process);

}  // namespace millrace::node
