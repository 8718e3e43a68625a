#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/registry.hpp"

namespace millrace::catalogue {

/// Parts of the built-in benchmarks: of use in no other topology.
[[nodiscard]] bool is_of_benchmarks(const actor_registry::entry& type);
/// "payment (id:string,amount:float64)": what a port takes or emits, for programs and people.
[[nodiscard]] std::string record_text(const record_type& type);
/// An actor type with ports and parameters, as `actor list --json` and the verb `actors` give it to other programs.
[[nodiscard]] nlohmann::json describe(const actor_registry::entry& type);
/// What `describe` gave, here or on a node, for people, as `actor show` prints it. Throws nlohmann::json::exception
/// when it is none of that.
[[nodiscard]] std::string description_text(const nlohmann::json& type);

}  // namespace millrace::catalogue
