#include "command/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "command/exit_code.hpp"
#include "command/plugin_folders.hpp"
#include "command/report.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::command {

namespace {

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(sub->get_name());
  return names;
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

/// CLI11 only says that an argument was not expected, or that there should be one; a slip in a verb deserves a better
/// answer.
bool names_known_verbs(const CLI::App& root, int argc, char** argv) {
  const auto* app = &root;
  for (int i = 1; i == argc || argv[i][0] != '-'; ++i) {
    const auto names = verb_names(*app);
    if (names.empty()) return true;
    if (i == argc) {
      print_error("'" + full_name(*app) + "' needs a verb; there are " + detail::quoted_list(names));
      return false;
    }
    if (std::ranges::find(names, argv[i]) == names.end()) {
      const auto near = detail::nearest(argv[i], names);
      print_error("'" + full_name(*app) + "' has no verb '" + argv[i] + "'; " +
                  (near.empty() ? "there are " + detail::quoted_list(names) : "did you mean '" + near + "'?"));
      return false;
    }
    app = app->get_subcommand(argv[i]);
  }
  return true;
}

const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string explain(const CLI::App& app, const CLI::ParseError& e) {
  const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&e);
  if (extras == nullptr) return e.what();
  const auto remaining = innermost(app).remaining();
  const auto what = remaining.empty() ? std::string{} : remaining.front();
  if (what.empty()) return e.what();
  if (what.front() != '-') return "'" + what + "' was not expected";
  return "there is no option '" + what + "'" +
         detail::did_you_mean(what.substr(0, what.find('=')), flag_names(innermost(app)));
}

/// On every verb and sub-verb.
void add_version(CLI::App& app) {
  app.set_version_flag("--version", "millrace " MILLRACE_VERSION, "Print the version and exit");
  for (auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) add_version(*sub);
}

/// A node loads its plugins itself, once it has read whom it trusts.
bool is_node_start(const CLI::App& app) {
  return app.got_subcommand("node") && app.get_subcommand("node")->got_subcommand("run");
}

}  // namespace

std::unique_ptr<CLI::App> make_grammar(action& chosen) {
  auto app = std::make_unique<CLI::App>(
      "Millrace runs reactive data topologies: producers, routers, processors and "
      "sinks joined by streams.",
      "millrace");
  app->require_subcommand(1);
  app->get_formatter()->column_width(34);
  for (const auto& v : verbs()) {
    auto* sub = app->add_subcommand(v.name, v.help);
    v.declare(*sub, chosen);
  }
  add_version(*app);
  add_plugins_option(*app);
  app->footer("Exit codes: 0 fine, 1 the work failed or a verdict is negative, 2 wrong use or invalid input.");
  return app;
}

int parse_and_run(CLI::App& app, action& chosen, int argc, char** argv) {
  if (!names_known_verbs(app, argc, argv)) return exit_usage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    app.exit(e);
    return exit_ok;
  } catch (const CLI::ParseError& e) {
    print_error(explain(app, e));
    std::cerr << "Run '" << full_name(innermost(app)) << " --help' for its options.\n";
    return exit_usage;
  }
  try {
    return chosen();
  } catch (const nlohmann::json::exception& e) {
    // Answers of nodes are the JSON that verbs read without asking what it is.
    print_error(unreadable_answer(e.what()));
    return exit_failed;
  }
}

int run_command(int argc, char** argv) {
  action chosen;
  const auto app = make_grammar(chosen);
  app->parse_complete_callback([&app] {
    if (!is_node_start(*app)) load_plugins();
  });
  return parse_and_run(*app, chosen, argc, argv);
}

}  // namespace millrace::command
