#pragma once

#include "millrace/topology.hpp"

namespace millrace {

/// The whole `main` of a program that runs one topology: `return millrace::run(my_topology(), argc, argv);`
///
/// Takes the options of `millrace run` (without a file), shows the live table, takes a last snapshot on Ctrl-C and
/// resumes from the data directory at the next start. Ready-made actors are available. Returns the exit code: 0 fine,
/// 1 the run failed, 2 wrong use or an invalid topology. Thread: main, once; changes the handling of SIGINT and SIGTERM
/// while it runs.
[[nodiscard]] int run(topology t, int argc, char** argv);

}  // namespace millrace
