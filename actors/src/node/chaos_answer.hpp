#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/chaos/fault_board.hpp"
#include "millrace/error.hpp"

namespace millrace::node {

/// What a run says to `chaos_inject`, `chaos_renew`, `chaos_list` and `chaos_clear` (docs/chaos.md). Errors: those of
/// the board; arguments of the wrong kind. Thread: any.
[[nodiscard]] result<nlohmann::json> answer_chaos(chaos::fault_board& faults, const std::string& verb,
                                                  const nlohmann::json& args);
[[nodiscard]] inline bool is_chaos(const std::string& verb) noexcept {
  return verb.starts_with("chaos_");
}

/// Whether what `chaos_inject` asks for reaches beyond the topology it names.
[[nodiscard]] bool harms_whole_node(const nlohmann::json& args);

}  // namespace millrace::node
