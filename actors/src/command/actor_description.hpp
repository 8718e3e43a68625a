#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/registry.hpp"

namespace millrace::command {

/// An actor type with ports and parameters, as `actor list --json` gives it to other programs.
[[nodiscard]] nlohmann::json describe(const actor_registry::entry& type);
/// The same for people, as `actor show` prints it.
[[nodiscard]] std::string description_text(const actor_registry::entry& type);

}  // namespace millrace::command
