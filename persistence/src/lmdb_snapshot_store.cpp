#include "lmdb_snapshot_store.hpp"

#include <algorithm>
#include <chrono>

#include "lmdb_snapshot_reader.hpp"
#include "lmdb_snapshot_writer.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::persistence {

using engine::ledger_entry;

namespace {

// Epoch numbers made durable at a time: a sync for every sixteenth epoch, at most fifteen numbers lost in a crash.
constexpr std::uint64_t epoch_block = 16;
// Tree pages, manifest and ledger beside the chunks.
constexpr std::uint64_t overhead_bytes = std::uint64_t{2} << 20;

std::string name(epoch_id epoch) {
  return "the snapshot of epoch " + std::to_string(epoch.value);
}

}  // namespace

epoch_id beyond_all_counts() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

result<std::unique_ptr<engine::snapshot_store>> open_snapshot_store(const std::filesystem::path& folder,
                                                                    const snapshot_store_options& options) {
  auto opened = lmdb_snapshot_store::open(folder, options);
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<engine::snapshot_store>(std::move(opened).value());
}

result<std::unique_ptr<lmdb_snapshot_store>> lmdb_snapshot_store::open(const std::filesystem::path& folder,
                                                                       const snapshot_store_options& options) {
  directory_lock lock;
  if (options.read_only) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
      return user_error(errc::not_found, "there is no data folder '" + folder.string() + "'; check the path");
    }
  } else {
    if (auto made = make_folder(folder); !made) return std::move(made).error();
    auto taken = directory_lock::take(folder);
    if (!taken) return std::move(taken).error();
    lock = std::move(taken).value();
  }
  std::unique_ptr<lmdb_snapshot_store> store(new lmdb_snapshot_store(std::move(lock), folder, options));
  if (auto loaded = store->load(); !loaded) return std::move(loaded).error();
  return store;
}

lmdb_snapshot_store::lmdb_snapshot_store(directory_lock lock, const std::filesystem::path& folder,
                                         const snapshot_store_options& options)
    : lock_(std::move(lock)), is_read_only_(options.read_only) {
  lmdb::environment_options common;
  common.map_bytes = options.map_bytes;
  common.read_only = options.read_only;
  for (unsigned number = 0; number < 2; ++number) {
    sides_[number].environment =
        std::make_shared<snapshot_environment>(folder / (number == 0 ? "a" : "b"), number, common);
  }
}

result<void> lmdb_snapshot_store::load() {
  bool has_record = false;
  bool has_damage = false;
  for (auto& [environment, is_base] : sides_) {
    if (auto opened = environment->open(); !opened) return opened;
    const auto& stored = environment->counters();
    counters_.newest_generation = std::max(counters_.newest_generation, stored.newest_generation);
    counters_.reserved_to = std::max(counters_.reserved_to, stored.reserved_to);
    for (const auto& [epoch, entry] : environment->ledger()) ledger_.insert_or_assign(epoch, entry);
    has_record = has_record || stored.newest_generation.value > 0 || stored.reserved_to.value > 0;
    has_damage = has_damage || environment->is_damaged();
  }
  if (has_damage && !has_record) counters_ = {{beyond_all_counts().value}, beyond_all_counts()};
  while (ledger_.size() > engine::ledger_entries_max) ledger_.erase(ledger_.begin());
  last_epoch_ = counters_.reserved_to;
  return {};
}

result<generation> lmdb_snapshot_store::next_generation() {
  if (auto writable = check_writable(); !writable) return std::move(writable).error();
  auto wanted = counters_;
  ++wanted.newest_generation.value;
  if (auto stored = store_counters_on_all(wanted); !stored) return std::move(stored).error();
  return counters_.newest_generation;
}

result<epoch_id> lmdb_snapshot_store::next_epoch() {
  if (auto writable = check_writable(); !writable) return std::move(writable).error();
  if (last_epoch_ == counters_.reserved_to) {
    auto wanted = counters_;
    wanted.reserved_to.value += epoch_block;
    if (auto stored = store_counters_on_all(wanted); !stored) return std::move(stored).error();
  }
  return epoch_id{++last_epoch_.value};
}

result<void> lmdb_snapshot_store::count_as_used(epoch_id epoch) {
  if (auto writable = check_writable(); !writable) return writable;
  if (epoch <= last_epoch_) return {};
  if (epoch > counters_.reserved_to) {
    auto wanted = counters_;
    wanted.reserved_to = epoch;
    if (auto stored = store_counters_on_all(wanted); !stored) return stored;
  }
  last_epoch_ = epoch;
  return {};
}

result<void> lmdb_snapshot_store::store_counters_on_all(const store_counters& wanted) {
  // An environment takes one writing transaction at a time: the snapshot's ends here and goes on in another.
  if (writer_ != nullptr) writer_->yield_environment();
  bool is_stored = false;
  for (auto& [environment, is_base] : sides_) {
    if (environment->is_damaged()) continue;
    if (auto stored = environment->store_counters_durably(wanted); !stored) return stored;
    is_stored = true;
  }
  if (!is_stored) {
    return fatal_error(errc::corrupt, "both environments are damaged ('" + sides_[0].environment->folder().string() +
                                          "' and its neighbour); discard them by force to start afresh");
  }
  counters_ = wanted;
  return {};
}

unsigned lmdb_snapshot_store::turn() const {
  const auto* newest = newest_good();
  return newest != nullptr && newest->number() == 0 ? 1 : 0;
}

std::optional<epoch_id> lmdb_snapshot_store::base() const {
  const auto& [environment, is_base] = sides_[turn()];
  if (!is_base || !environment->is_good()) return std::nullopt;
  return environment->current()->epoch;
}

bool lmdb_snapshot_store::wants_full(std::string_view task) const {
  return !base() || !sides_[turn()].environment->current()->tasks.contains(task);
}

void lmdb_snapshot_store::resume_from(epoch_id epoch) {
  for (auto& [environment, is_base] : sides_) {
    is_base = environment->current() != nullptr && environment->current()->epoch == epoch;
  }
}

result<std::unique_ptr<engine::snapshot_writer>> lmdb_snapshot_store::begin(epoch_id epoch, generation incarnation) {
  if (auto allowed = check_begin(epoch, incarnation); !allowed) return std::move(allowed).error();
  auto& next = sides_[turn()];
  // Damage to the older snapshot loses nothing that counts: it was to be overwritten now.
  if (next.environment->is_damaged()) {
    if (auto wiped = wipe(next); !wiped) return std::move(wiped).error();
  }
  if (auto roomy = make_room(next); !roomy) return std::move(roomy).error();
  const auto base = next.is_base ? next.environment->current() : nullptr;
  auto writer = std::make_unique<lmdb_snapshot_writer>(*this, next.environment, base, epoch, incarnation);
  writer_ = writer.get();
  return std::unique_ptr<engine::snapshot_writer>(std::move(writer));
}

result<void> lmdb_snapshot_store::check_begin(epoch_id epoch, generation incarnation) const {
  if (auto writable = check_writable(); !writable) return writable;
  if (auto current = check_generation(epoch, incarnation); !current) return current;
  if (writer_ != nullptr)
    return fatal_error(errc::in_use, "another snapshot is being written; commit or abort it first");
  if (const auto lost = lost_epoch()) {
    return fatal_error(errc::corrupt, name(*lost) + " is committed but lost; discard it to go on from the one before");
  }
  const auto* newest = newest_good();
  const bool has_damage = std::ranges::any_of(sides_, [](const side& s) { return s.environment->is_damaged(); });
  if (newest == nullptr && has_damage) {
    return fatal_error(errc::corrupt, "no snapshot is intact; discard the damaged ones by force to start afresh");
  }
  if (epoch > last_epoch_ || (newest != nullptr && epoch <= newest->current()->epoch)) {
    return user_error(errc::invalid_argument, "epoch " + std::to_string(epoch.value) + " is not one to write next");
  }
  return {};
}

result<void> lmdb_snapshot_store::check_generation(epoch_id epoch, generation incarnation) const {
  if (incarnation >= counters_.newest_generation) return {};
  return fatal_error(errc::fenced, name(epoch) + " belongs to generation " + std::to_string(incarnation.value) +
                                       ", but generation " + std::to_string(counters_.newest_generation.value) +
                                       " took over");
}

result<void> lmdb_snapshot_store::make_room(const side& which) {
  auto& environment = *which.environment;
  environment.env()->clear_dead_readers();
  if (auto reclaimed = environment.reclaim(); !reclaimed) return reclaimed;
  // The best guess at what comes: as much as last time, or for a full one, as much as there is in the other snapshot.
  auto expected = last_bytes_written_;
  const auto* newest = newest_good();
  if (!which.is_base && newest != nullptr) expected = newest->current()->info(newest->number()).bytes;
  expected += overhead_bytes;
  const auto reusable = environment.env()->reusable_bytes();
  const auto needed = expected > reusable ? expected - reusable : 0;
  const auto free = free_bytes(environment.folder());
  if (needed > free) return disk_full_error(environment.folder(), needed, free);
  return {};
}

result<void> lmdb_snapshot_store::wipe(side& which) {
  which.is_base = false;
  auto& environment = *which.environment;
  if (auto wiped = environment.wipe(); !wiped) return wiped;
  if (auto stored = environment.store_counters_durably(counters_); !stored) return stored;
  return environment.store_ledger_durably(ledger_);
}

ledger_map lmdb_snapshot_store::ledger_with(ledger_entry entry) const {
  auto ledger = ledger_;
  const auto epoch = entry.epoch;
  ledger.insert_or_assign(epoch, std::move(entry));
  while (ledger.size() > engine::ledger_entries_max) ledger.erase(ledger.begin());
  return ledger;
}

void lmdb_snapshot_store::committed(unsigned environment, ledger_map ledger, std::uint64_t bytes_written) {
  sides_[environment].is_base = true;
  ledger_ = std::move(ledger);
  last_bytes_written_ = bytes_written;
  // The snapshot is committed whatever happens now; a ledger left behind here is brought up to date by the next commit.
  if (engine::fault_point("snapshot.after_manifest") == engine::fault_action::fail) return;
  auto& other = *sides_[1 - environment].environment;
  if (!other.is_damaged()) static_cast<void>(other.store_ledger_durably(ledger_));
}

result<std::vector<ledger_entry>> lmdb_snapshot_store::ledger() {
  std::vector<ledger_entry> entries;
  for (const auto& [epoch, entry] : ledger_) entries.push_back(entry);
  return entries;
}

const snapshot_environment* lmdb_snapshot_store::newest_good() const {
  const snapshot_environment* newest = nullptr;
  for (const auto& [environment, is_base] : sides_) {
    if (!environment->is_good()) continue;
    if (newest == nullptr || environment->current()->epoch > newest->current()->epoch) newest = environment.get();
  }
  return newest;
}

result<std::unique_ptr<engine::snapshot_reader>> lmdb_snapshot_store::open(epoch_id epoch) {
  for (const auto& [environment, is_base] : sides_) {
    if (!environment->is_good() || environment->current()->epoch != epoch) continue;
    auto reader = lmdb_snapshot_reader::open(environment, epoch);
    if (!reader) return std::move(reader).error();
    return std::unique_ptr<engine::snapshot_reader>(std::move(reader).value());
  }
  std::string kept;
  for (const auto& info : list()) {
    if (info.epoch == epoch) return fatal_error(errc::corrupt, name(epoch) + " is damaged: " + info.reason);
    kept += (kept.empty() ? "" : ", ") + std::to_string(info.epoch.value);
  }
  return user_error(errc::not_found, name(epoch) + " does not exist; there is " + (kept.empty() ? "none" : kept));
}

result<void> lmdb_snapshot_store::verify(epoch_id epoch) {
  auto opened = open(epoch);
  if (!opened) return std::move(opened).error();
  auto& reader = **opened;
  for (const auto& task : reader.tasks()) {
    if (auto meta = reader.meta(task); !meta) return std::move(meta).error();
    auto pages = reader.for_each_page(task, [](std::uint32_t, bytes_view) { return result<void>{}; });
    if (!pages) return pages;
  }
  return {};
}

std::optional<epoch_id> lmdb_snapshot_store::oldest_retained() const {
  std::optional<epoch_id> oldest;
  for (const auto& [environment, is_base] : sides_) {
    if (!environment->is_good()) continue;
    if (!oldest || environment->current()->epoch < *oldest) oldest = environment->current()->epoch;
  }
  return oldest;
}

result<void> lmdb_snapshot_store::check_writable() const {
  if (!is_read_only_) return {};
  return user_error(errc::read_only, "this snapshot store was opened to look only");
}

}  // namespace millrace::persistence
