#pragma once

#include <nlohmann/json.hpp>

#include "millrace/engine/diagnosis.hpp"
#include "millrace/engine/plan.hpp"
#include "node/status_view.hpp"

namespace millrace::node {

/// A run's last second as a diagnosis wants it. `view` is of a run of `p`.
[[nodiscard]] engine::observed_run observe(const status_view& view, const engine::plan& p);
/// Why the run is as slow as it is, as the verb `why` answers it; fields: docs/nodes.md. Errors: `unavailable` while
/// the run is not at work or has not been looked at for long enough.
[[nodiscard]] result<nlohmann::json> answer_why(const status_view& view, const engine::plan& p);

}  // namespace millrace::node
