#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// `millrace topology logs NAME`: what a topology of a node says of itself.
void declare_topology_logs(CLI::App& app, action& chosen);

}  // namespace millrace::command
