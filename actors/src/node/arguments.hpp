#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"

namespace millrace::node {

/// The text of a request's argument `name`; empty when it is left out. Error: it is something else.
[[nodiscard]] result<std::string> text_argument(const nlohmann::json& args, const char* name);
/// The yes or no of argument `name`.
[[nodiscard]] result<bool> flag_argument(const nlohmann::json& args, const char* name, bool left_out);

}  // namespace millrace::node
