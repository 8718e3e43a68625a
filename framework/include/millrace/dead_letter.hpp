#pragma once

#include <cstdint>
#include <string>

#include "millrace/record.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// An event that an actor's failure policy gave up, with what is needed to find and repair it. Every actor emits them
/// on its output `dead`.
struct dead_letter {
  std::string actor;          ///< which actor's handler failed
  std::uint32_t partition{};  ///< and which of its partitions
  std::string input;          ///< the port the event came through; empty for timers
  std::string channel;        ///< the channel it came over, "from/0.out -> to/3.in"
  std::uint64_t sequence{};   ///< its place on that channel
  std::string reason;         ///< what the handler threw
  event_time at{};            ///< when, by the topology's processing-time clock
  std::string content;        ///< the record as text
};
MILLRACE_RECORD(dead_letter, 1, actor, partition, input, channel, sequence, reason, at, content)

}  // namespace millrace
