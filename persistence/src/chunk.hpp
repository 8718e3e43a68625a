#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/ids.hpp"

/// The unit a snapshot is stored in: a value that fills whole LMDB pages, with a checksum.
///
/// Layout: crc32c of the rest (4 bytes, big endian), a MessagePack header [id, epoch, task, kind, directory], the
/// contents one after the other. The directory is [page, bytes, …] for whole pages and [page, part, parts, bytes] for a
/// part of a large page or of meta.
namespace millrace::persistence {

/// One byte more than 65,520 costs LMDB another 4 KiB page.
inline constexpr std::size_t chunk_bytes_max = 65'520;
/// What fits beside the longest header and one directory entry.
inline constexpr std::size_t chunk_content_bytes_max = 65'248;

enum class chunk_kind : std::uint8_t { pages = 0, page_part = 1, meta_part = 2 };

struct chunk_slot {
  std::uint32_t page = 0;
  std::uint32_t bytes = 0;
};

/// What is in a chunk; the contents follow in the order of `slots`. A part has one slot.
struct chunk_head {
  std::uint64_t id = 0;
  epoch_id epoch;
  std::string_view task;
  chunk_kind kind = chunk_kind::pages;
  std::vector<chunk_slot> slots;
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
};

struct chunk_view {
  chunk_head head;
  bytes_view content;  ///< all slots' bytes, their sizes add up to it
};

/// Gathers pages of one task until a chunk is full.
class chunk_builder {
public:
  [[nodiscard]] bool is_empty() const noexcept { return slots_.empty(); }
  [[nodiscard]] bool fits(std::size_t bytes) const noexcept;
  void add(std::uint32_t page, bytes_view content);
  [[nodiscard]] const std::vector<chunk_slot>& slots() const noexcept { return slots_; }
  [[nodiscard]] bytes_view content() const noexcept { return content_.view(); }
  void clear() noexcept;

private:
  std::vector<chunk_slot> slots_;
  byte_buffer content_;
};

/// The header's encoding; what `seal_chunk` is to be given.
[[nodiscard]] byte_buffer encode_chunk_head(const chunk_head& head);
[[nodiscard]] inline std::size_t chunk_bytes(const byte_buffer& head, bytes_view content) noexcept {
  return sizeof(std::uint32_t) + head.size() + content.size();
}
/// Writes the whole chunk to `into` (room for `chunk_bytes`); its checksum.
std::uint32_t seal_chunk(std::byte* into, const byte_buffer& head, bytes_view content) noexcept;

/// Checks the checksum and every length. Views point into `stored`. errc::corrupt without naming the place.
result<chunk_view> parse_chunk(bytes_view stored);

/// How much of a chunk a page takes; an empty one still takes a directory entry.
[[nodiscard]] inline std::uint32_t slot_weight(std::uint32_t bytes) noexcept {
  return bytes + 16;
}
/// Chunks a page or meta of `bytes` is spread over; 1 means that it shares one.
[[nodiscard]] inline std::uint32_t parts_of(std::uint64_t bytes) noexcept {
  return bytes == 0 ? 1 : static_cast<std::uint32_t>((bytes - 1) / chunk_content_bytes_max + 1);
}

}  // namespace millrace::persistence
