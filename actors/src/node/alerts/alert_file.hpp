#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "millrace/engine/alerts.hpp"
#include "millrace/error.hpp"
#include "node/alerts/state_readings.hpp"

namespace millrace::node {

/// Where notices go.
struct alert_channel {
  enum class kind : unsigned char { log, file, webhook };
  kind to = kind::log;
  std::string target{};  ///< path or address
  engine::alert_severity least = engine::alert_severity::info;
};

/// What a file of alert rules says (docs/monitoring.md).
struct alert_settings {
  std::vector<engine::alert_rule> rules;
  std::vector<state_measure> states;  ///< what rules with the measure `state` look at
  std::vector<engine::maintenance_window> maintenance;
  std::vector<alert_channel> channels;
  std::chrono::nanoseconds group_wait{};
};

/// Limits of a file: rules, windows and channels each.
inline constexpr std::size_t alert_entries_max = 256;

/// Reads rules. Errors are the writer's: they name the file, the place in it and what may stand there. Pure.
[[nodiscard]] result<alert_settings> parse_alerts(const std::string& text, const std::string& file);
/// The same from a file of at most 1 MiB.
[[nodiscard]] result<alert_settings> load_alerts(const std::string& file);

}  // namespace millrace::node
