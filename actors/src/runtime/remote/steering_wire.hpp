#pragma once

#include "runtime/remote/wire.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime::remote {

/// Tells a node all that is wanted of the run while it runs. False: it cannot be told now. It hears it with the next
/// epoch at the latest, whose barriers wait for that.
[[nodiscard]] bool tell_steering(run_shared& shared, const std::string& node);

/// What a guest does with what the lead wants of the run. Error: a parameter is another one here.
[[nodiscard]] result<void> adopt(run_steering& steering, const steer_request& m);

}  // namespace millrace::runtime::remote
