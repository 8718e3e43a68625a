#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/ids.hpp"

namespace millrace::engine {

/// Place of an event in one partition of a topic, dense from 0, never used twice.
using log_offset = strong_id<struct log_offset_tag>;

/// One appended batch.
struct log_entry {
  log_offset first;
  std::uint32_t count = 0;  ///< events in the batch
  std::vector<std::byte> bytes;
};

/// What can be read: events head ≤ offset < tail. `tail` is the offset the next append gets.
struct log_extent {
  log_offset head;
  log_offset tail;
};

/// Topics of ordered partitions that make events durable before they are emitted.
///
/// A partition comes into being with its first append and has one writer at a time. Entries are kept whole: reading and
/// trimming in the middle of a batch work on the batch. Errors of all calls: errc::invalid_argument for a topic that is
/// empty, too long or contains a zero byte (bounds in store_limits.hpp); errc::corrupt names topic, partition and
/// offset of a damaged entry and the remedy. Thread: any, calls may overlap; appends wait for the disk, so never a
/// scheduler's thread.
class event_log {
public:
  virtual ~event_log() = default;

  /// Adds one batch of `count` > 0 events; the offset of its first. Atomic, and durable (process crash and power cut)
  /// when it returns; after an error the batch is not there. Not idempotent: `extent` tells what was applied.
  virtual result<log_offset> append(std::string_view topic, std::uint32_t partition, std::span<const std::byte> batch,
                                    std::uint32_t count) = 0;

  /// The batches from the one that holds `from`, as many as fit into `bytes_max` but at least one; empty at the tail.
  /// errc::truncated: `from` is below the head. errc::invalid_argument: beyond the tail.
  virtual result<std::vector<log_entry>> read(std::string_view topic, std::uint32_t partition, log_offset from,
                                              std::size_t bytes_max) = 0;

  /// A partition nobody wrote is {0, 0}.
  virtual result<log_extent> extent(std::string_view topic, std::uint32_t partition) = 0;

  /// Drops whole batches that end at or below `before`; the new head. Idempotent; durable when it returns.
  virtual result<log_offset> trim(std::string_view topic, std::uint32_t partition, log_offset before) = 0;
};

}  // namespace millrace::engine
