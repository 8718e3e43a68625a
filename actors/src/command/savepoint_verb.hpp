#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// `millrace topology savepoint NAME`: keeps a snapshot of a topology.
void declare_topology_savepoint(CLI::App& app, action& chosen);

}  // namespace millrace::command
