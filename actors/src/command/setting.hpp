#pragma once

#include <string>

#include "millrace/error.hpp"
#include "millrace/topology.hpp"

namespace millrace::command {

/// Changes one thing of a topology as `--set` says it: `actor.parameter=value`, `actor.parallelism=4` or
/// `settings.snapshot_interval=200ms`. The value is read as the type the parameter has; of one that is a secret `@FILE`
/// stands for the file's content, and a value in plain sight is warned of. Errors, the user's: no such
/// actor, parameter or setting (with the nearest name), a value of another type.
[[nodiscard]] result<void> apply_setting(topology& t, const std::string& text);

}  // namespace millrace::command
