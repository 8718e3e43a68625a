#include <CLI/CLI.hpp>
#include <filesystem>

#include "command/command_line.hpp"
#include "command/exit_code.hpp"
#include "command/run_flags.hpp"
#include "command/run_session.hpp"
#include "console/terminal.hpp"
#include "millrace/library.hpp"
#include "millrace/run.hpp"

namespace millrace {

int run(topology t, int argc, char** argv) {
  link_library();
  const auto program = argc > 0 ? std::filesystem::path{argv[0]}.filename().string() : t.name;
  CLI::App app{"Runs the topology '" + t.name + "' with Millrace " MILLRACE_VERSION ".", program};
  app.set_version_flag("--version", program + " (millrace " MILLRACE_VERSION ")", "Print the version and exit");
  command::run_flags flags;
  command::declare_run_flags(app, flags);
  bool is_printed = false;
  app.add_flag("--print-topology", is_printed, "Print the topology as a .mill file, and run nothing");
  command::action chosen = [&]() -> int {
    if (!is_printed) return command::run_session(std::move(t), flags);
    console::terminal::instance().write(to_text(t));
    return command::exit_ok;
  };
  return command::parse_and_run(app, chosen, argc, argv);
}

}  // namespace millrace
