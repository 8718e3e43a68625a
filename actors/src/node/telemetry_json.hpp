#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"
#include "node/status_view.hpp"

namespace millrace::node {

/// What a subscriber to `telemetry` wants to see of a run.
struct telemetry_choice {
  enum class detail : unsigned char {
    status,    ///< all of it but channels: what the verb `status` answers
    overview,  ///< the run in a few figures
    actors,    ///< and a row for each actor
    actor,     ///< one actor: its tasks, and the channels that lead to them and away
  };
  detail level = detail::status;
  std::string actor{};     ///< of the last level
  std::string topology{};  ///< on nodes; empty: all the caller may see
};

/// Reads `detail`, `actor` and `topology`. Errors: the sender's, they name the argument. Pure.
[[nodiscard]] result<telemetry_choice> read_choice(const nlohmann::json& args);
/// The level a choice names, of one run; fields: docs/nodes.md. `not_found` when it has no such actor. Pure.
[[nodiscard]] result<nlohmann::json> telemetry_json(const status_view& view, const telemetry_choice& choice);

}  // namespace millrace::node
