#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace {

/// CRC-32C (Castagnoli, as in iSCSI, RFC 3720 B.4) of `data`, going on from `previous`: the sum of a then b is
/// `crc32c(b, crc32c(a))`. Uses the processor's instruction where there is one. Thread: any.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t previous = 0) noexcept;

namespace detail {
/// The same by table on every processor; what the instruction is held against in the tests.
[[nodiscard]] std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t previous = 0) noexcept;
}  // namespace detail

}  // namespace millrace
