#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "millrace/engine/event_log.hpp"
#include "millrace/engine/snapshot_store.hpp"

namespace millrace::testing {

namespace detail {
struct memory_snapshot;
}

/// The reference `snapshot_store`: everything the port promises, on two "environments" in memory.
///
/// Made for the deterministic simulation. The object stands for the disk: it outlives a simulated crash, which takes
/// away open writers, unused epoch numbers of the reserved block and all knowledge of which pages are dirty. Pages are
/// shared between snapshots, so a snapshot costs its dirty pages. Asks the same fault points as the store on disk.
class memory_snapshot_store final : public engine::snapshot_store {
public:
  using clock = std::function<processing_time()>;

  /// `now` stamps snapshots; without it they are stamped 0, so that runs stay equal.
  explicit memory_snapshot_store(clock now = {});
  ~memory_snapshot_store() override;

  /// The process dies and starts again: writers vanish, what was committed stays.
  void crash();
  /// The newest snapshot can no longer be read, as after a bad sector. Nothing happens when there is none.
  void damage_newest();

  /// The power fails while the next snapshot is written: its environment holds neither the snapshot it held before nor
  /// the new one. The commit fails, and `is_torn` says that the process has to crash now.
  void tear_next_commit() noexcept { tears_next_ = true; }
  [[nodiscard]] bool is_torn() const noexcept { return is_torn_; }
  /// The sync of the next commit fails: nothing of the snapshot is kept.
  void fail_next_sync() noexcept { fails_next_ = true; }
  [[nodiscard]] std::uint64_t failed_syncs() const noexcept { return failed_syncs_; }

  result<generation> next_generation() override;
  result<epoch_id> next_epoch() override;
  [[nodiscard]] unsigned turn() const override;
  [[nodiscard]] std::optional<epoch_id> base() const override;
  using snapshot_store::wants_full;
  [[nodiscard]] bool wants_full(std::string_view task) const override;
  void resume_from(epoch_id epoch) override;
  result<std::unique_ptr<engine::snapshot_writer>> begin(epoch_id epoch, generation incarnation) override;
  result<std::vector<engine::ledger_entry>> ledger() override { return ledger_; }
  std::vector<engine::snapshot_info> list() override;
  result<void> verify(epoch_id epoch) override;
  result<std::unique_ptr<engine::snapshot_reader>> open(epoch_id epoch) override;
  [[nodiscard]] std::optional<epoch_id> oldest_retained() const override;
  result<void> discard(epoch_id epoch, engine::discard_mode mode = engine::discard_mode::keep_one) override;

private:
  friend class memory_snapshot_writer;
  struct environment {
    std::shared_ptr<const detail::memory_snapshot> snapshot;
    bool is_base = false;
    bool is_damaged = false;
  };

  [[nodiscard]] const environment* newest_good() const;
  result<void> commit(std::shared_ptr<const detail::memory_snapshot> snapshot, engine::ledger_entry entry);

  clock now_;
  std::array<environment, 2> environments_;
  std::vector<engine::ledger_entry> ledger_;
  generation newest_generation_;
  epoch_id last_epoch_;
  epoch_id reserved_to_;
  std::uint64_t life_ = 0;  ///< grows with every crash; a writer of an earlier life is dead
  bool is_writing_ = false;
  bool tears_next_ = false;
  bool is_torn_ = false;
  bool fails_next_ = false;
  std::uint64_t failed_syncs_ = 0;
};

/// The reference `event_log`, in memory.
class memory_event_log final : public engine::event_log {
public:
  /// The entry that holds `offset` fails its checksum from now on.
  void damage(std::string_view topic, std::uint32_t partition, engine::log_offset offset);

  result<engine::log_offset> append(std::string_view topic, std::uint32_t partition, std::span<const std::byte> batch,
                                    std::uint32_t count) override;
  result<std::vector<engine::log_entry>> read(std::string_view topic, std::uint32_t partition, engine::log_offset from,
                                              std::size_t bytes_max) override;
  result<engine::log_extent> extent(std::string_view topic, std::uint32_t partition) override;
  result<engine::log_offset> trim(std::string_view topic, std::uint32_t partition, engine::log_offset before) override;

private:
  struct stored_entry {
    engine::log_entry entry;
    bool is_damaged = false;
  };
  struct partition_log {
    std::map<std::uint64_t, stored_entry> entries;
    engine::log_extent extent;
  };
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint32_t>, partition_log, std::less<>> partitions_;
};

}  // namespace millrace::testing
