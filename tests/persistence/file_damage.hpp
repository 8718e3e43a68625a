#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace millrace::tests {

/// Flips one bit `distance` bytes behind every occurrence of `text` in `file`; how many there were.
int flip_after(const std::filesystem::path& file, std::string_view text, std::uint64_t distance);

/// Replaces what is at `offset`.
void overwrite(const std::filesystem::path& file, std::uint64_t offset, std::string_view bytes);

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace millrace::tests
