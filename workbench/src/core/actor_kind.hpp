#pragma once

#include <cstdint>
#include <string>

namespace millrace::workbench {

enum class ActorKind : std::uint8_t { Producer, Router, Processor, Sink };

/// The engine's word for it; a processor for any other.
[[nodiscard]] inline ActorKind kindOf(const std::string& word) {
  if (word == "producer") return ActorKind::Producer;
  if (word == "router") return ActorKind::Router;
  return word == "sink" ? ActorKind::Sink : ActorKind::Processor;
}

}  // namespace millrace::workbench
