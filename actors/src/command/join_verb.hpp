#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// `invite`, `join`, `peers` and `forget`: how nodes come to know each other.
void declare_peers(CLI::App& app, action& chosen);

}  // namespace millrace::command
