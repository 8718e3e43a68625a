#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

/// How the elements of a column lie in memory.
enum class column_kind : std::uint8_t {
  none,  ///< no direct access: ask for values one by one
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  event_time,
  string,  ///< std::string objects
  value,   ///< `millrace::value` objects: dynamic records
};

/// One field of every record of a batch, as loops over many records like it: element i is at `first + i * stride`.
/// Lives as long as the batch.
struct column {
  const std::byte* first = nullptr;
  std::size_t stride = 0;
  column_kind kind = column_kind::none;
};

}  // namespace millrace
