#pragma once

#include <cstdint>

namespace millrace::workbench {

/// How an actor, a wire or the whole run is. Always shown as a shape and a colour.
enum class Health : std::uint8_t { Idle, Ok, Warning, Critical };

}  // namespace millrace::workbench
