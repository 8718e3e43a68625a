#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/error.hpp"

namespace millrace::inspect {

/// The channels that a text means, ascending: `FROM->TO`, each side an actor (all its partitions), one partition of it
/// (`ledger/1`) or `*`, with a port behind a dot where that matters: `numbers/0.out->ledger/1.in`.
///
/// Errors (the user's): it is no such text, or means no channel; says which there are. Pure.
[[nodiscard]] result<std::vector<channel_id>> choose_channels(const engine::plan& plan, std::string_view text);

}  // namespace millrace::inspect
