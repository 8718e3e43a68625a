#pragma once

#include "runtime/remote/wire.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime::remote {

/// What a guest does with what the lead wants of the run.
void adopt(run_steering& steering, const steer_request& m);

}  // namespace millrace::runtime::remote
