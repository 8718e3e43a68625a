#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// `millrace topology pause|resume|mute|unmute|set`: what is wanted of a topology while it runs.
void declare_topology_steering(CLI::App& app, action& chosen);

}  // namespace millrace::command
