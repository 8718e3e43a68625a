#pragma once

#include <cstddef>

namespace millrace::detail {

/// Memory for the rows of batches, kept warm.
///
/// The problem: a batch lives for microseconds and is often freed by another thread than made it; from the general
/// allocator each one came from cold memory and paid a cache miss a line. Each thread keeps the blocks it frees last,
/// by size class, and takes from them first, so a stage writes into what the stage before it on the same core has just
/// read. Bounded a thread (see block_cache.cpp); beyond that, and for unusual sizes, the general allocator serves.
/// Thread: any. Aligned as `operator new` aligns.
[[nodiscard]] void* take_block(std::size_t bytes);
/// `bytes` as given to `take_block`.
void give_block(void* block, std::size_t bytes) noexcept;

}  // namespace millrace::detail
