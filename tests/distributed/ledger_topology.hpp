#pragma once

#include <cstdint>
#include <filesystem>

#include "millrace/topology.hpp"

namespace millrace::distributed {

/// Two files and a live feed (a logged producer), fully meshed with four partitions of a keyed actor, and four sinks:
/// the topology of tests/crash with its oracle. `rate`: events/s of each source.
[[nodiscard]] topology ledger_in(const std::filesystem::path& folder, std::int64_t lines, double rate);

}  // namespace millrace::distributed
