#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/registry.hpp"

namespace millrace::command {

/// Parts of the built-in benchmarks: of use in no other topology.
[[nodiscard]] bool is_of_benchmarks(const actor_registry::entry& type);
/// An actor type with ports and parameters, as `actor list --json` gives it to other programs.
[[nodiscard]] nlohmann::json describe(const actor_registry::entry& type);
/// The same for people, as `actor show` prints it.
[[nodiscard]] std::string description_text(const actor_registry::entry& type);

}  // namespace millrace::command
