#pragma once

#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "plugins/trusted_builds.hpp"

namespace millrace::plugins {

struct loaded_plugin {
  std::string name;
  std::string version;
  std::string path;
  std::string build_id;             ///< hexadecimal digits; empty: it has none
  std::vector<std::string> actors;  ///< ids of the types it brought
};

/// Checks a shared object and loads it for the rest of the process. Nothing of it runs before all checks: it and its
/// folder belong to this user or root and nobody else may write to them, it is a plugin, its build is trusted, and it
/// was built for this program. Errors: `invalid_argument`, `denied`, `already_exists`, `io_error`. Thread: the main
/// thread, before anything runs.
[[nodiscard]] result<loaded_plugin> load_plugin(const std::string& path, const trusted_builds& trusted = {});

/// The build that a type of actors came with; empty: not from a plugin, or from one without a build id. Thread: any,
/// once all plugins are loaded.
[[nodiscard]] std::string build_of_actor(const std::string& actor_id);

struct loading {
  std::vector<loaded_plugin> plugins;
  std::vector<error> refused;
};
/// All `*.so` of some folders, in the order of their names; folders that are not there are passed over.
[[nodiscard]] loading load_plugins(const std::vector<std::string>& folders, const trusted_builds& trusted = {});

/// Where plugins are looked for: the folders of MILLRACE_PLUGINS, separated by colons; when it is not set, the
/// installation's and the user's own.
[[nodiscard]] std::vector<std::string> plugin_folders();

}  // namespace millrace::plugins
