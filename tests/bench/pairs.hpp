#pragma once

#include <functional>
#include <memory>
#include <string>

#include "millrace/engine/plan.hpp"
#include "millrace/runtime/topology_run.hpp"

namespace millrace::bench {

/// The hot path: generator, map, by key to four partitions, sink. `rate`: events a second, 0: as fast as possible.
[[nodiscard]] std::shared_ptr<const engine::plan> hot_path(const std::string& name, double rate);

/// Runs a hot path and returns the processor time of an event in nanoseconds, that of `meanwhile` included, which takes
/// the time that is measured. Ends the program when the run cannot start.
[[nodiscard]] double cpu_of_event(const std::shared_ptr<const engine::plan>& plan, runtime::run_options o,
                                  const std::function<void(runtime::topology_run&)>& meanwhile);

/// Measures with and without something in pairs, one after the other in turns of order, since machines change their
/// speed from second to second. Prints each pair, then the median of the ratios and its 95 % interval by order
/// statistics (binomial): no assumption about how the figures scatter.
void compare_in_pairs(int pairs, const std::function<double()>& with, const std::function<double()>& without);

}  // namespace millrace::bench
