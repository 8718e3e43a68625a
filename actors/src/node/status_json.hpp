#pragma once

#include <chrono>
#include <nlohmann/json.hpp>

#include "node/status_view.hpp"

namespace millrace::node {

/// The whole of a status; fields: docs/command-line.md.
[[nodiscard]] nlohmann::json to_json(const status_view& view);
/// What it says of the run, without its tasks.
[[nodiscard]] nlohmann::json run_json(const status_view& view);
/// What it says of one task. `now`: when the status was taken.
[[nodiscard]] nlohmann::json task_json(const task_view& view, processing_time now);

/// Nanoseconds since the Unix epoch; null while unknown, "end" when the input has ended.
[[nodiscard]] nlohmann::json watermark_json(event_time t);
/// ISO 8601; null for the beginning of time, which stands for never.
[[nodiscard]] nlohmann::json instant_json(processing_time since);
/// How far the watermark is behind the clock; null while unknown and after the end.
[[nodiscard]] nlohmann::json lag_json(event_time watermark, processing_time now);

/// The worst health of its tasks; starting while some task is, and none is worse than running.
[[nodiscard]] runtime::health worst_health(const status_view& view);
/// Why there are no new snapshots, how many failed and since when; empty: they do not fail.
[[nodiscard]] std::string failing_sentence(const runtime::run_status& run);
/// Age of the oldest event that no task has done; zero: there is none.
[[nodiscard]] std::chrono::nanoseconds oldest_unfinished(const status_view& view);
/// How long no task has got anything done.
[[nodiscard]] std::chrono::nanoseconds since_progress(const status_view& view);

}  // namespace millrace::node
