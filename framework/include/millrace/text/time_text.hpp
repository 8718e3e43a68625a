#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "millrace/time.hpp"

namespace millrace {

/// Reads an event time: whole nanoseconds since the epoch (no point in it), seconds with decimals (`1700000000.25`), or
/// ISO 8601 (`2026-11-21`, `2026-11-21T10:00:00.123Z`, `…+02:00`; a space may stand for the T, no zone means UTC).
/// Nothing when the text is none of them or the time lies outside 1678 … 2262, what 64 bits of nanoseconds hold.
[[nodiscard]] std::optional<event_time> parse_event_time(std::string_view text) noexcept;

/// Appends ISO 8601 in UTC with as many decimals as needed, up to nanoseconds: `2026-11-21T10:00:00.5Z`.
void append_iso_time(std::string& out, event_time t);

}  // namespace millrace
