#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "chunk.hpp"
#include "lmdb.hpp"
#include "manifest.hpp"

namespace millrace::persistence {

/// Numbers already handed out; kept in both environments, the larger counts.
struct store_counters {
  generation newest_generation;
  epoch_id reserved_to;
};

using ledger_map = std::map<epoch_id, engine::ledger_entry>;

/// Where a read went wrong, for messages.
struct chunk_place {
  std::uint64_t chunk = 0;
  epoch_id epoch;
};

/// One of the two LMDB environments of a snapshot store: opens it, looks what it holds, wipes it.
///
/// Damage is a state, not an error: a store with one damaged environment works on with the other. Errors are what the
/// machine refuses (permissions, full disk).
///
/// Thread: the store's owner; `read_chunk`, `chunk_failure` and the marks of damage also those of readers, which tasks
/// use while they restore and the owner hands out numbers.
class snapshot_environment {
public:
  snapshot_environment(std::filesystem::path folder, unsigned number, lmdb::environment_options options)
      : folder_(std::move(folder)), number_(number), options_(options) {}

  result<void> open();
  /// Deletes everything and starts empty. Readers that are open keep what they see.
  result<void> wipe();

  [[nodiscard]] unsigned number() const noexcept { return number_; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] bool is_damaged() const {
    const std::lock_guard lock{shared_};
    return !damage_.empty();
  }
  [[nodiscard]] std::string damage() const {
    const std::lock_guard lock{shared_};
    return damage_;
  }
  /// Nothing of it is trusted any more until it is wiped.
  void mark_damaged(std::string why) {
    const std::lock_guard lock{shared_};
    damage_ = std::move(why);
  }

  /// What the last complete snapshot consists of; nullptr when there is none. Also after damage to its chunks.
  [[nodiscard]] const std::shared_ptr<const manifest>& current() const noexcept { return current_; }
  [[nodiscard]] bool is_good() const { return current_ != nullptr && !is_damaged(); }
  [[nodiscard]] const store_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const ledger_map& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const std::shared_ptr<lmdb::environment>& env() const noexcept { return env_; }
  [[nodiscard]] MDB_dbi chunks() const noexcept { return chunks_; }

  result<void> store_counters_durably(const store_counters& counters);
  /// Makes the stored ledger that of `wanted`; nothing is written when it is already.
  result<void> store_ledger_durably(const ledger_map& wanted);

  /// Puts manifest and ledger into `in`; what is then durable is told to `adopt`.
  result<void> put_manifest(lmdb::transaction& in, const manifest& what);
  result<void> put_ledger(lmdb::transaction& in, const ledger_map& wanted);
  void adopt(std::shared_ptr<const manifest> what, ledger_map ledger);
  /// The manifest as `in` sees it; nullptr when there is none.
  result<std::shared_ptr<const manifest>> read_manifest(lmdb::transaction& in);
  /// Deletes chunks of snapshots that were never completed.
  result<void> reclaim();

  /// A chunk after all its checks; the view lives as `in` says. Damage marks the environment.
  result<chunk_view> read_chunk(lmdb::transaction& in, const chunk_place& place, std::uint32_t sum);
  /// Hands on `why` as an error that names environment, epoch, chunk and remedy, and marks the environment.
  error chunk_failure(const chunk_place& place, std::string_view why);

private:
  result<void> open_databases();
  result<void> load();
  result<void> load_counters(lmdb::transaction& in);
  result<void> load_ledger(lmdb::transaction& in);
  void set_current(std::shared_ptr<const manifest> what);

  std::filesystem::path folder_;
  unsigned number_;
  lmdb::environment_options options_;
  mutable std::mutex shared_;  // over damage_, and over current_ where the owner changes it and readers look
  std::string damage_;
  std::shared_ptr<lmdb::environment> env_;
  MDB_dbi chunks_ = 0;
  MDB_dbi manifest_ = 0;
  MDB_dbi ledger_database_ = 0;
  MDB_dbi state_ = 0;
  std::shared_ptr<const manifest> current_;
  store_counters counters_;
  ledger_map ledger_;
};

}  // namespace millrace::persistence
