#pragma once

#include <functional>
#include <memory>
#include <string>

#include "command/verb.hpp"

namespace millrace::command {

/// The grammar of `millrace`: all verbs declared, none parsed. `chosen` must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_grammar(action& chosen);

/// Reads the arguments with `app` and does what `chosen` was set to. Help and version go to stdout; wrong use is named
/// on stderr, with the nearest known word.
[[nodiscard]] int parse_and_run(CLI::App& app, action& chosen, int argc, char** argv);

/// `main` of the `millrace` program.
[[nodiscard]] int run_command(int argc, char** argv);

}  // namespace millrace::command
