#pragma once

#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::command {

/// A project to be made for an actor type.
struct kit_request {
  std::string name;
  std::string kind;    ///< one of `kit_kinds`
  std::string id;      ///< empty: "user.<name>"
  std::string folder;  ///< empty: ./<name>
};

[[nodiscard]] std::vector<std::string> kit_kinds();

/// Writes the project and tells what to do with it. Errors: `invalid_argument` for names that are none,
/// `already_exists` when the folder is there, `io_error`.
[[nodiscard]] result<std::string> make_actor_project(const kit_request& request);

}  // namespace millrace::command
