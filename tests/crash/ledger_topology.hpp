#pragma once

#include <cstdint>
#include <filesystem>

#include "millrace/topology.hpp"

namespace millrace::crash {

/// Two files and a live feed (a logged producer), fully meshed with four partitions of a keyed actor, and four sinks:
/// the topology of the crash programs, see crash_input.hpp for its oracle. `rate`: events/s of each source.
[[nodiscard]] topology ledger_in(const std::filesystem::path& folder, std::int64_t lines, double rate);

}  // namespace millrace::crash
