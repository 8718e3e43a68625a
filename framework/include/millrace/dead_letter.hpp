#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/record.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// An event that an actor's failure policy gave up, or an input that no event could be made of, with what is needed to
/// find and repair it. Every actor emits them on its output `dead`; where no stream leaves that, they are kept in the
/// data directory (`millrace deadletter`).
struct dead_letter {
  std::string actor;                 ///< which actor's handler failed
  std::uint32_t partition{};         ///< and which of its partitions
  std::string input;                 ///< the port the event came through; empty for timers
  std::string channel;               ///< the channel it came over, "from/0.out -> to/3.in"; of an input: the file
  std::uint64_t sequence{};          ///< its place on that channel; of an input: the line
  std::string reason;                ///< what the handler threw
  event_time at{};                   ///< when, by the topology's processing-time clock
  std::string content;               ///< the record as text; of an input: its bytes as they were
  std::string fields{};              ///< the record's fields and types; empty for an input
  std::vector<std::byte> encoded{};  ///< the record as MessagePack, for a replay
};
MILLRACE_RECORD(dead_letter, 2, actor, partition, input, channel, sequence, reason, at, content, since(2, fields),
                since(2, encoded))

/// An input that no event can be made of, for `context::set_aside`. All views are good for the call only.
///
/// The reason comes in three pieces, of which the middle one is what is wrong with this input and the others say the
/// same of many: so a letter costs little more than its bytes. It is read as `origin:place:column: before value after`.
struct malformed_input {
  std::string_view origin;   ///< the file, or whatever it came from
  std::uint64_t place = 0;   ///< the line, or where else it stands there
  std::uint64_t column = 0;  ///< 0: it is wrong as a whole
  std::string_view before{};
  std::string_view value{};  ///< best a piece of `content`
  std::string_view after{};
  event_time at = event_time::min();  ///< when it was read; not set: now
  std::string_view content{};         ///< its bytes as they were
};
[[nodiscard]] dead_letter to_letter(const malformed_input& what, std::string actor, std::uint32_t partition);

}  // namespace millrace
