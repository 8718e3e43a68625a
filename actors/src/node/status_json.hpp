#pragma once

#include <nlohmann/json.hpp>

#include "node/status_view.hpp"

namespace millrace::node {

/// A run's status as `--json`, the control socket and the workbench see it; fields: docs/command-line.md.
[[nodiscard]] nlohmann::json to_json(const status_view& view);

}  // namespace millrace::node
