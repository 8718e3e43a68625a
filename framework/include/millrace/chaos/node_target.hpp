#pragma once

#include <functional>
#include <string>

#include "millrace/chaos/fault_request.hpp"
#include "millrace/ids.hpp"

namespace millrace::chaos {

/// A target on one node: `b:ledger`, `b:*->ledger@25%`, `b:sink`, `b:` for its clock and process.
struct node_target {
  std::string node{};  ///< empty: wherever it is
  std::string target{};
};
[[nodiscard]] node_target node_target_of(const std::string& target);
[[nodiscard]] std::string to_text(const node_target& t);

/// The fault is of a whole node: of its disk, clock or process.
[[nodiscard]] bool is_of_node(fault_kind k) noexcept;

/// The places a request means among the tasks (of channels, the receivers) that `is_meant`; empty: all. Its target has
/// no node. Errors: those of the other `choose_places`; none of them is meant. Pure.
[[nodiscard]] result<fault_places> choose_places(const engine::plan& plan, const fault_request& r,
                                                 const std::function<bool(task_id)>& is_meant);

}  // namespace millrace::chaos
