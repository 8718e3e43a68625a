#pragma once

#include "command/verb.hpp"

namespace millrace::command {

/// Of the option --topic, where keys are made.
inline constexpr const char* topic_help =
    "Of a topology only the figures, and the data of this part: TOPOLOGY/ACTOR (state, dead letters) or "
    "TOPOLOGY/FROM->TO (tail); repeat it for more";

/// `invite` and `accept`: how somebody makes a key without a secret being sent to them.
void declare_key_invitations(CLI::App& app, action& chosen);

}  // namespace millrace::command
