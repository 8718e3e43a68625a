#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "command/style.hpp"

namespace millrace::command {

/// One trace as a waterfall: a line for each span, in the order of the event's way, with a bar where it lies between
/// the trace's first start and last end, and how long it took. `trace`: as the control verb `trace` shows one
/// (docs/monitoring.md). `columns`: cells of the terminal; at least 60 are used. Pure.
[[nodiscard]] std::string waterfall(const nlohmann::json& trace, std::size_t columns, const style& paint);

/// A line for each trace: `trace list`. Pure.
[[nodiscard]] std::string trace_table(const nlohmann::json& list, const style& paint);

}  // namespace millrace::command
