#pragma once

#include <string>
#include <vector>

#include "plugins/trusted_builds.hpp"

namespace CLI {
class App;
}

namespace millrace::command {

/// Gives every verb and sub-verb the option --plugins.
void add_plugins_option(CLI::App& app);
/// Loads plugins of the usual folders, of --plugins and of `more`; a warning about each that is refused.
void load_plugins(const std::vector<std::string>& more = {}, const plugins::trusted_builds& trusted = {});

}  // namespace millrace::command
