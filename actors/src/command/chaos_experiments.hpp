#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// `millrace chaos run`, `validate` and `suite`.
void declare_experiments(CLI::App& app, action& chosen);

}  // namespace millrace::command
