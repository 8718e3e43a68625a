#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/engine/snapshot_store.hpp"

/// What one snapshot consists of: per task the chunk of each page. Stored in pieces, with a checksum over all of it.
namespace millrace::persistence {

/// Where a page or meta lies: in chunk `chunk`, or, when it is larger than a chunk, in that one and those after it.
struct content_ref {
  std::uint64_t chunk = 0;  ///< 0: nowhere
  std::uint32_t bytes = 0;
};

struct manifest_task {
  std::vector<content_ref> pages;
  content_ref meta;
};

struct chunk_record {
  std::uint32_t weight = 0;  ///< of all slots, dead ones too
  std::uint32_t sum = 0;     ///< crc32c, so that an old chunk under the same id is noticed
};

struct manifest {
  epoch_id epoch;
  generation incarnation;
  processing_time written_at;
  std::uint64_t next_chunk = 1;  ///< larger ids belong to snapshots that were never completed
  std::map<std::string, manifest_task, std::less<>> tasks;
  std::map<std::uint64_t, chunk_record> chunks;

  [[nodiscard]] engine::snapshot_info info(unsigned environment) const;
};

/// Calls `visit(chunk)` for every chunk that holds a part of `ref`.
template <class Visit>
void for_each_chunk(const content_ref& ref, std::uint32_t parts, Visit&& visit) {
  for (std::uint32_t part = 0; part < parts; ++part) visit(ref.chunk + part);
}

/// Checksum and MessagePack.
[[nodiscard]] byte_buffer encode_manifest(const manifest& from);
/// Checks the checksum, every length, and that every page lies in a chunk the manifest knows.
result<manifest> decode_manifest(bytes_view stored);

[[nodiscard]] byte_buffer encode_ledger_entry(const engine::ledger_entry& from);
result<engine::ledger_entry> decode_ledger_entry(bytes_view stored);

}  // namespace millrace::persistence
