// What the snapshot store reads back from disk: any bytes give a decoded value or an error, never a wild access. The
// checksum is mended first, else no mutation would get past it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "chunk.hpp"
#include "manifest.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> stored(bytes, bytes + size);
  if (stored.size() > 4) detail::store_big_endian(stored.data(), crc32c(bytes_view(stored).subspan(4)));

  if (const auto chunk = persistence::parse_chunk(stored)) {
    std::size_t content = 0;
    for (const auto& slot : chunk->head.slots) content += slot.bytes;
    if (content != chunk->content.size()) std::abort();
  }
  if (const auto manifest = persistence::decode_manifest(stored)) {
    const auto again = persistence::decode_manifest(persistence::encode_manifest(*manifest).view());
    if (!again || again->epoch != manifest->epoch || again->tasks.size() != manifest->tasks.size()) std::abort();
  }
  if (const auto entry = persistence::decode_ledger_entry(stored)) {
    const auto again = persistence::decode_ledger_entry(persistence::encode_ledger_entry(*entry).view());
    if (!again || again->prepared.size() != entry->prepared.size()) std::abort();
  }
  return 0;
}
