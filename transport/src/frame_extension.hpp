#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "millrace/batch.hpp"
#include "millrace/bytes.hpp"
#include "millrace/engine/trace.hpp"
#include "millrace/error.hpp"

namespace millrace::transport {

// What stands in front of the records in the body of some data frames (docs/frame-format.md). Readers take it off the
// front of `body` and trust nothing; `count` is the number of records. Pure.

void write_late_marks(std::span<const late_mark> marks, byte_buffer& out);
[[nodiscard]] result<std::vector<late_mark>> take_late_marks(bytes_view& body, std::uint32_t count);

void write_extension(std::span<const late_mark> late, const engine::frame_traces& traces, byte_buffer& out);
struct frame_extension {
  std::vector<late_mark> late;
  engine::frame_traces_ptr traces;
};
[[nodiscard]] result<frame_extension> take_extension(bytes_view& body, std::uint32_t count);

}  // namespace millrace::transport
