#include "command/plugin_folders.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "plugins/plugin_loader.hpp"

namespace millrace::command {

namespace {

/// The option's value; the grammar is made once a process.
std::string& given_folder() {
  static std::string folder;
  return folder;
}

}  // namespace

void add_plugins_option(CLI::App& app) {
  app.add_option("--plugins", given_folder(), "A folder of plugins to load besides the usual ones")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  for (auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) add_plugins_option(*sub);
}

void load_plugins(const std::vector<std::string>& more, const plugins::trusted_builds& trusted) {
  auto folders = plugins::plugin_folders();
  if (!given_folder().empty()) folders.push_back(given_folder());
  folders.insert(folders.end(), more.begin(), more.end());
  for (const auto& e : plugins::load_plugins(folders, trusted).refused) {
    std::cerr << "millrace: warning: " + e.message + "\n";
  }
}

}  // namespace millrace::command
