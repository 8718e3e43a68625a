#pragma once

#include <nlohmann/json.hpp>

#include "millrace/error.hpp"
#include "millrace/runtime/topology_run.hpp"

namespace millrace::node {

/// Answers the request `state` of the control protocol from the tasks of a run: one slice of one task a request, so
/// that neither the task nor the other clients wait for long.
///
/// `args`: actor, what ("get", "scan" or "size"), state?, key? (text), prefix?, from?, to?, limit?, partition?,
/// cursor?. Result: rows [{partition, key, states: {name: JSON}}], groups [{group, partition, rows, bytes}], next
/// {partition, cursor} or null. Thread: control thread.
[[nodiscard]] result<nlohmann::json> answer_state(runtime::topology_run& run, const nlohmann::json& args);

}  // namespace millrace::node
