#pragma once

#include "command/run_flags.hpp"
#include "millrace/topology.hpp"

namespace millrace::command {

/// Runs a topology to its end, Ctrl-C or the duration, and reports on it. Returns the exit code; problems are on
/// standard error by then. Thread: main.
[[nodiscard]] int run_session(topology t, const run_flags& flags);

}  // namespace millrace::command
