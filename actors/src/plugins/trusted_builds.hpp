#pragma once

#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "plugins/plugin_note_reader.hpp"

namespace millrace::plugins {

/// Build ids in hexadecimal digits, upper or lower case: the plugins that may be loaded. None: whichever the rules
/// about owner and permissions let in.
using trusted_builds = std::vector<std::string>;

/// Error (`invalid_argument`): the text is no build id in full, as `millrace actor show` prints it. Pure.
[[nodiscard]] result<void> check_build_id(const std::string& text);

/// Error (`denied`): the plugin's build is none of them; names the file, its build id and what to do. Pure.
[[nodiscard]] result<void> check_trusted(const plugin_identity& plugin, const std::string& path,
                                         const trusted_builds& trusted);

}  // namespace millrace::plugins
