#pragma once

#include <optional>

#include "millrace/bytes.hpp"

namespace millrace::engine {

/// A task's meta as a snapshot has it, without the output that its sink had prepared: for a topology that starts from
/// the snapshot of another one, which commits its own output. Nothing when it is no meta of this version.
[[nodiscard]] std::optional<byte_buffer> without_prepared_output(bytes_view meta);

}  // namespace millrace::engine
