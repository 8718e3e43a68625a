#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "chaos/experiment_run.hpp"

namespace millrace::chaos {

/// The verdict and what it rests on, for people.
[[nodiscard]] std::string report_text(const experiment& what, const outcome& o);
/// The same for programs, samples included.
[[nodiscard]] nlohmann::json report_json(const experiment& what, const outcome& o);
/// The same as a page that needs nothing else: verdict first, then throughput, lag and latency over time with the
/// faults in them.
[[nodiscard]] std::string report_html(const experiment& what, const outcome& o);

}  // namespace millrace::chaos
