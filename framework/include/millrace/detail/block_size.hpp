#pragma once

#include <cstddef>

namespace millrace::detail {

/// What a block takes from the allocator that `take_block` gives for so many bytes.
[[nodiscard]] std::size_t block_size(std::size_t bytes) noexcept;

}  // namespace millrace::detail
