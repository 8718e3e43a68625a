#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/runtime/topology_run.hpp"

namespace millrace::node {

/// Answers the verbs `deadletter_list`, `_show`, `_fix`, `_replay` and `_discard` (docs/dead-letters.md) from the
/// letters of one topology, a page at a time. Errors are the asker's, or the store's.
[[nodiscard]] result<nlohmann::json> answer_letters(engine::dead_letter_store& store, const std::string& verb,
                                                    const nlohmann::json& args);
/// Of a topology that runs: what is replayed goes in with a snapshot that is asked for at once.
[[nodiscard]] result<nlohmann::json> answer_letters_of(runtime::topology_run& run, const std::string& verb,
                                                       const nlohmann::json& args);
/// Of one that does not. Nobody in this process has the data directory in use.
[[nodiscard]] result<nlohmann::json> answer_letters_in(const std::string& data_dir, const std::string& verb,
                                                       const nlohmann::json& args);
/// The verb is one of those above.
[[nodiscard]] bool is_about_letters(const std::string& verb) noexcept;

}  // namespace millrace::node
