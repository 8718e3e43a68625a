#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/inspect/watch_board.hpp"

namespace millrace::node {

/// Answers the verbs `break_set`, `break_renew`, `break_list`, `break_clear`, `break_step` and `break_continue`
/// (docs/debugging.md). Errors are the asker's.
[[nodiscard]] result<nlohmann::json> answer_break(inspect::watch_board& board, const engine::plan& plan,
                                                  const std::string& verb, const nlohmann::json& args);

}  // namespace millrace::node
