#pragma once

#include <cstdint>

#include "millrace/column.hpp"
#include "millrace/key_bytes.hpp"

namespace millrace::detail {

/// Key hashes of a column of `n` elements, the same as `key_hash` of each canonical key. False when one is NaN.
[[nodiscard]] bool hash_column(const column& c, std::uint32_t n, std::uint64_t* out);
/// Canonical keys of a column. False when one is NaN.
[[nodiscard]] bool copy_keys(const column& c, std::uint32_t n, key_bytes* out);

}  // namespace millrace::detail
