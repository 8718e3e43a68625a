#pragma once

#include <array>
#include <functional>

#include "millrace/engine/snapshot_store.hpp"
#include "millrace/persistence/data_folder.hpp"
#include "millrace/persistence/snapshot_store.hpp"
#include "snapshot_environment.hpp"

namespace millrace::persistence {

class lmdb_snapshot_writer;

/// Larger than any number handed out so far, for when no record of them is left: nobody takes a thousand snapshots a
/// second, so counts from 1 never overtake the clock's milliseconds.
[[nodiscard]] epoch_id beyond_all_counts();

/// The snapshot store on disk: decides which environment takes what; the environments, the writer and the reader do it.
///
/// Thread: snapshot writer (as the port).
class lmdb_snapshot_store final : public engine::snapshot_store {
public:
  static result<std::unique_ptr<lmdb_snapshot_store>> open(const std::filesystem::path& folder,
                                                           const snapshot_store_options& options);

  result<generation> next_generation() override;
  result<epoch_id> next_epoch() override;
  [[nodiscard]] unsigned turn() const override;
  [[nodiscard]] std::optional<epoch_id> base() const override;
  using snapshot_store::wants_full;
  [[nodiscard]] bool wants_full(std::string_view task) const override;
  void resume_from(epoch_id epoch) override;
  result<std::unique_ptr<engine::snapshot_writer>> begin(epoch_id epoch, generation incarnation) override;
  result<std::vector<engine::ledger_entry>> ledger() override;
  std::vector<engine::snapshot_info> list() override;
  result<void> verify(epoch_id epoch) override;
  result<std::unique_ptr<engine::snapshot_reader>> open(epoch_id epoch) override;
  [[nodiscard]] std::optional<epoch_id> oldest_retained() const override;
  result<void> discard(epoch_id epoch, engine::discard_mode mode) override;

  /// Numbers up to `epoch` are as if they had been handed out, durably: of a snapshot that comes from elsewhere.
  [[nodiscard]] result<void> count_as_used(epoch_id epoch);
  /// No number was ever handed out.
  [[nodiscard]] bool is_fresh() const noexcept { return counters_.reserved_to.value == 0; }

  /// For the writer: errc::fenced when a newer generation was handed out.
  [[nodiscard]] result<void> check_generation(epoch_id epoch, generation incarnation) const;
  /// For the writer: the ledger with `entry` as its newest.
  [[nodiscard]] ledger_map ledger_with(engine::ledger_entry entry) const;
  /// For the writer: the manifest in `environment` is durable; brings the other one's ledger up to date.
  void committed(unsigned environment, ledger_map ledger, std::uint64_t bytes_written);
  void writer_closed() noexcept { writer_ = nullptr; }

private:
  struct side {
    std::shared_ptr<snapshot_environment> environment;
    bool is_base = false;  ///< the caller's dirty pages are relative to it
  };

  lmdb_snapshot_store(directory_lock lock, const std::filesystem::path& folder, const snapshot_store_options& options);
  result<void> load();
  [[nodiscard]] const snapshot_environment* newest_good() const;
  /// The newest committed epoch when no good snapshot of it is left.
  [[nodiscard]] std::optional<epoch_id> lost_epoch() const;
  [[nodiscard]] std::optional<epoch_id> epoch_of_damaged(const snapshot_environment& damaged) const;
  result<void> store_counters_on_all(const store_counters& wanted);
  result<void> check_begin(epoch_id epoch, generation incarnation) const;
  result<void> wipe(side& which);
  result<void> make_room(const side& which);
  [[nodiscard]] result<void> check_writable() const;

  directory_lock lock_;
  std::array<side, 2> sides_;
  bool is_read_only_;
  ledger_map ledger_;
  store_counters counters_;
  epoch_id last_epoch_;
  std::uint64_t last_bytes_written_ = 0;
  lmdb_snapshot_writer* writer_ = nullptr;  ///< the open one; it says when it closes
};

}  // namespace millrace::persistence
