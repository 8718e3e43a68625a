#pragma once

#include <cstdint>

#include "millrace/engine/frame.hpp"

namespace millrace::engine {

/// A frame that is kept, and what it takes from the allocator.
struct kept_frame {
  frame what{};
  std::uint64_t bytes = 0;
};

/// What a batch takes from the allocator, blocks and all; never less than it does. A builder sets memory aside for
/// `room` records before the first one comes, so a batch of one record may take as much as a full one.
[[nodiscard]] std::uint64_t memory_of(const batch& b, std::uint32_t room);

/// A frame that will be kept for long. A batch that fills little of the memory set aside for it is copied into one of
/// its own size, without its key hashes: who takes it hashes its keys again. `room`: of the builder it comes from.
[[nodiscard]] kept_frame keep(frame f, std::uint32_t room);

}  // namespace millrace::engine
