#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "millrace/persistence/data_folder.hpp"
#include "lmdb.hpp"
#include "millrace/persistence/event_log.hpp"

namespace millrace::persistence {

/// The event log on disk: a database of entries in offset order, and one of extents, which outlive trimmed entries.
///
/// A key is topic, zero byte, partition and (for entries) first offset, the numbers big endian. A value is the crc32c
/// of key and rest, then count and batch, or head and tail. Thread: any.
class lmdb_event_log final : public engine::event_log {
public:
  static result<std::unique_ptr<lmdb_event_log>> open(const std::filesystem::path& folder,
                                                      const event_log_options& options);

  result<engine::log_offset> append(std::string_view topic, std::uint32_t partition, bytes_view batch,
                                    std::uint32_t count) override;
  result<std::vector<engine::log_entry>> read(std::string_view topic, std::uint32_t partition, engine::log_offset from,
                                              std::size_t bytes_max) override;
  result<engine::log_extent> extent(std::string_view topic, std::uint32_t partition) override;
  result<engine::log_offset> trim(std::string_view topic, std::uint32_t partition, engine::log_offset before) override;

private:
  lmdb_event_log(directory_lock lock, std::shared_ptr<lmdb::environment> env)
      : lock_(std::move(lock)), env_(std::move(env)) {}
  result<void> open_databases();
  result<engine::log_extent> load_extent(lmdb::transaction& in, bytes_view prefix);
  result<void> store_extent(lmdb::transaction& in, bytes_view prefix, const engine::log_extent& extent);
  result<engine::log_entry> parse_entry(const lmdb::entry& stored, bytes_view prefix);
  /// Where the log may start so that everything from `before` on stays: the start of the entry that holds it.
  result<engine::log_offset> boundary(lmdb::transaction& in, bytes_view prefix, const engine::log_extent& extent,
                                      engine::log_offset before);
  result<void> drop_entries(lmdb::transaction& in, bytes_view prefix, engine::log_offset head);
  [[nodiscard]] error damaged(bytes_view prefix, engine::log_offset offset, std::string_view what) const;

  // LMDB lets one writer in anyway; this one also keeps a failed commit's clean-up away from the next writer.
  std::mutex writing_;
  directory_lock lock_;
  std::shared_ptr<lmdb::environment> env_;
  MDB_dbi entries_ = 0;
  MDB_dbi extents_ = 0;
};

}  // namespace millrace::persistence
