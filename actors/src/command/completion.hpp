#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace millrace::command {

/// Shells that `completion_script` knows.
[[nodiscard]] const std::vector<std::string>& completion_shells();

/// A script that completes the verbs and options of `grammar` in `shell`, one of `completion_shells()`. Made from the
/// grammar itself, so it cannot fall behind it.
[[nodiscard]] std::string completion_script(const CLI::App& grammar, const std::string& shell);

}  // namespace millrace::command
