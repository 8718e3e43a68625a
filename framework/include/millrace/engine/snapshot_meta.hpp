#pragma once

#include <optional>
#include <string>

#include "millrace/bytes.hpp"
#include "millrace/engine/event_log.hpp"

namespace millrace::engine {

/// A task's meta as a snapshot has it, without the output that its sink had prepared: for a topology that starts from
/// the snapshot of another one, which commits its own output. Nothing when it is no meta of this version.
[[nodiscard]] std::optional<byte_buffer> without_prepared_output(bytes_view meta);

/// The event log's topic for what an actor produces.
[[nodiscard]] std::string log_topic(const std::string& actor);

/// Where a logged producer goes on in its topology's event log; 0 for tasks that have no log. Nothing when it is no
/// meta of this version.
[[nodiscard]] std::optional<log_offset> place_in_log(bytes_view meta);

}  // namespace millrace::engine
