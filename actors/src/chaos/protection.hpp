#pragma once

#include <string>
#include <vector>

#include "millrace/engine/task.hpp"
#include "millrace/error.hpp"

namespace millrace::chaos {

/// What a run can be told to do without, so that an experiment shows that it would notice.
struct protection_entry {
  const char* name;
  const char* what;  ///< what is done without it
  bool engine::protections::*member;
};
/// All there are. Thread: any.
[[nodiscard]] const std::vector<protection_entry>& known_protections();
[[nodiscard]] std::vector<std::string> protection_names();

/// All but those named. Errors: a name that is not known, with those that are. Thread: any.
[[nodiscard]] result<engine::protections> protections_without(const std::vector<std::string>& names);

}  // namespace millrace::chaos
