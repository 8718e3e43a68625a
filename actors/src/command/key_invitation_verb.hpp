#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// `invite` and `accept`: how somebody makes a key without a secret being sent to them.
void declare_key_invitations(CLI::App& app, action& chosen);

}  // namespace millrace::command
