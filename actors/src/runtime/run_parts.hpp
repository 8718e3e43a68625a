#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <caf/actor_system_config.hpp>

#include "millrace/engine/event_log.hpp"
#include "millrace/engine/frame_spill.hpp"
#include "millrace/engine/page_spill.hpp"
#include "millrace/engine/plan.hpp"

namespace millrace::runtime {

/// How CAF runs the actors of a run. `threads` 0: one a core, and two at least.
struct system_config : caf::actor_system_config {
  explicit system_config(std::size_t threads);
};

/// Which tasks of a plan are meant.
using task_filter = std::function<bool(task_id)>;

/// The log of those of the tasks that are logged producers; null when none is. Errors: the data directory.
[[nodiscard]] result<std::unique_ptr<engine::event_log>> open_log(const engine::plan& p, const std::string& data_dir,
                                                                  const task_filter& which);
/// Where state goes beyond its memory; null when all state stays there. Errors: the data directory.
[[nodiscard]] result<std::shared_ptr<engine::state_backend>> open_spills(const engine::plan& p,
                                                                         const std::string& data_dir);
class run_shared;
/// Where what channels retain goes beyond memory; null where nothing is retained, or the data directory cannot have it:
/// that is logged.
[[nodiscard]] std::shared_ptr<engine::frame_spill> open_retained_disk(run_shared& shared);

}  // namespace millrace::runtime
