#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "node/metrics/metrics_text.hpp"

namespace millrace::node {

/// What shows that one partition has more to do than the others: a few metrics of each task. Pure.
[[nodiscard]] std::vector<prometheus::MetricFamily> task_families(const std::vector<measured_topology>& topologies);

}  // namespace millrace::node
