#pragma once

#include <cstdint>

#include "millrace/batch.hpp"
#include "millrace/engine/frame.hpp"

namespace millrace::bench {

/// What is sent, again and again. Thread: any.
struct cargo {
  record_type_ptr type;
  batch_ptr records;
};

/// Events of 40 bytes, encoded and decoded as those of any actor are.
[[nodiscard]] cargo typed_cargo(std::uint32_t events);
/// The same as bytes that are neither encoded nor decoded but copied: what a link costs without a codec.
[[nodiscard]] cargo opaque_cargo(std::uint32_t events);
/// A frame of it, the first event of which has this number.
[[nodiscard]] engine::frame frame_of(const cargo& c, std::uint64_t first);

}  // namespace millrace::bench
