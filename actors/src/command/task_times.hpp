#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace millrace::command {

/// A table of how far the tasks of a status are behind and where the time of their events goes, over the last second:
/// lag of the watermark, latency of sinks, and what an average event spends waiting to be taken, being worked on,
/// waiting for credit, for snapshots and on its way from another node. Tasks and columns of which nothing is known are
/// left out; nothing known at all: empty. `tasks`: as the verb `status` answers them; throws
/// `nlohmann::json::exception` when they are not. Pure.
[[nodiscard]] std::string task_times(const nlohmann::json& tasks);

}  // namespace millrace::command
