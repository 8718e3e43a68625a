#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"
#include "millrace/param.hpp"
#include "millrace/topology.hpp"

namespace millrace::node {

/// What a person wrote, as a value of the parameter's type: `5`, `0.25`, `yes` or `true`, text as it stands. The error
/// says what is expected. Range and choices are not looked at.
[[nodiscard]] result<param_value> parse_parameter(const param_base& p, const std::string& text);

/// Sets `actor.parameter` of a topology that may be running: the actor is there, its parameter may be changed while it
/// runs, and the topology is still valid with it. `value`: JSON of the parameter's type, or text as a person writes it.
/// Returns the value. Errors, the user's: names what there is, or what to do instead.
[[nodiscard]] result<param_value> set_live_parameter(topology& t, const std::string& actor, const std::string& param,
                                                     const nlohmann::json& value);

}  // namespace millrace::node
