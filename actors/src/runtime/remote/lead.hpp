#pragma once

#include <string>

#include <caf/stateful_actor.hpp>

#include "runtime/messages.hpp"
#include "runtime/run_shared.hpp"
#include "runtime/supervisor_actor.hpp"

// The part of a run's supervisor and coordinator that talks to the nodes which host some of its tasks.
namespace millrace::runtime::remote {

/// Tells a node where the snapshot of an epoch goes; it answers with `opened`. False: it cannot be told now.
[[nodiscard]] bool announce(run_shared& shared, const std::string& node, const engine::epoch_target& target);

/// What a node says of its tasks goes where those that are here would have said it. Whatever is about an older
/// incarnation, or about a task that the node does not host, is passed over.
void on_inbound(caf::stateful_actor<supervisor_state, ordered_actor>* self, const inbound_message& m);

}  // namespace millrace::runtime::remote
