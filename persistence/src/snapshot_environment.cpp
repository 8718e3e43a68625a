#include "snapshot_environment.hpp"

#include <algorithm>
#include <system_error>

#include "keys.hpp"
#include "lmdb_check.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/persistence/data_folder.hpp"

namespace millrace::persistence {
namespace {

constexpr std::string_view counters_key = "counters";
constexpr std::size_t counters_bytes = 20;
// Far above any real manifest (16 bytes a chunk of 64 KiB, 12 a page), far below what hurts.
constexpr std::size_t manifest_bytes_max = std::size_t{1} << 30;

using lmdb::transaction;

}  // namespace

result<void> snapshot_environment::open() {
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(folder_ / "data.mdb", ignored);
  if (options_.read_only && is_new) return {};
  if (!options_.read_only) {
    if (auto made = make_folder(folder_); !made) return made;
  }
  auto opened = lmdb::check_file(folder_);
  if (opened) {
    auto env = lmdb::environment::open(folder_, options_);
    opened = env ? result<void>{} : result<void>{std::move(env).error()};
    if (env) env_ = std::move(env).value();
  }
  if (opened) opened = open_databases();
  if (opened && is_new) opened = sync_folder(folder_);
  if (opened && is_new) opened = sync_folder(folder_.parent_path());
  if (opened && env_ != nullptr) opened = load();
  if (opened || opened.error().code != errc::corrupt) return opened;
  mark_damaged(opened.error().message);
  return {};
}

result<void> snapshot_environment::open_databases() {
  auto begun = transaction::begin(env_, options_.read_only ? transaction::mode::read : transaction::mode::write);
  if (!begun) return std::move(begun).error();
  auto txn = std::move(begun).value();
  const std::pair<const char*, MDB_dbi*> names[] = {
      {"chunks", &chunks_}, {"manifest", &manifest_}, {"ledger", &ledger_database_}, {"state", &state_}};
  for (const auto& [name, into] : names) {
    auto database = txn.open_database(name, !options_.read_only);
    if (!database && options_.read_only && database.error().code == errc::not_found) {
      env_.reset();  // made, but never written: nothing to show
      return {};
    }
    if (!database) return std::move(database).error();
    *into = *database;
  }
  return std::move(txn).commit();
}

result<void> snapshot_environment::wipe() {
  env_.reset();
  set_current(nullptr);
  ledger_.clear();
  counters_ = {};
  mark_damaged({});
  std::error_code code;
  for (const auto* name : {"data.mdb", "lock.mdb"}) {
    std::filesystem::remove(folder_ / name, code);
    if (code) {
      return fatal_error(errc::io_error, "cannot delete '" + (folder_ / name).string() + "': " + code.message());
    }
  }
  return open();
}

result<void> snapshot_environment::load() {
  auto begun = transaction::begin(env_, transaction::mode::read);
  if (!begun) return std::move(begun).error();
  if (auto loaded = load_counters(*begun); !loaded) return loaded;
  if (auto loaded = load_ledger(*begun); !loaded) return loaded;
  auto loaded = read_manifest(*begun);
  if (!loaded) return std::move(loaded).error();
  set_current(std::move(loaded).value());
  return {};
}

result<void> snapshot_environment::load_counters(transaction& in) {
  auto found = in.get(state_, as_bytes(counters_key));
  if (!found) return std::move(found).error();
  if (!found->has_value()) return {};
  const auto stored = **found;
  if (stored.size() != counters_bytes ||
      crc32c(stored.subspan(4)) != detail::load_big_endian<std::uint32_t>(stored.data())) {
    return fatal_error(errc::corrupt, "the counters in '" + folder_.string() + "' are damaged");
  }
  counters_.newest_generation.value = detail::load_big_endian<std::uint64_t>(stored.data() + 4);
  counters_.reserved_to.value = detail::load_big_endian<std::uint64_t>(stored.data() + 12);
  return {};
}

result<void> snapshot_environment::load_ledger(transaction& in) {
  auto opened = lmdb::cursor::open(in, ledger_database_);
  if (!opened) return std::move(opened).error();
  for (auto item = opened->first();; item = opened->next()) {
    if (!item) return std::move(item).error();
    if (!item->has_value()) return {};
    auto entry = decode_ledger_entry((*item)->value);
    if (!entry) return fatal_error(errc::corrupt, "'" + folder_.string() + "': " + entry.error().message);
    const auto epoch = entry->epoch;
    ledger_.insert_or_assign(epoch, std::move(entry).value());
  }
}

result<std::shared_ptr<const manifest>> snapshot_environment::read_manifest(transaction& in) {
  auto opened = lmdb::cursor::open(in, manifest_);
  if (!opened) return std::move(opened).error();
  byte_buffer stored;
  for (auto item = opened->first();; item = opened->next()) {
    if (!item) return std::move(item).error();
    if (!item->has_value()) break;
    stored.append((*item)->value);
    if (stored.size() > manifest_bytes_max) break;  // the checksum will not match
  }
  if (stored.empty()) return std::shared_ptr<const manifest>{};
  auto decoded = decode_manifest(stored.view());
  if (!decoded) return fatal_error(errc::corrupt, "'" + folder_.string() + "': " + decoded.error().message);
  return std::shared_ptr<const manifest>(std::make_shared<manifest>(std::move(decoded).value()));
}

result<void> snapshot_environment::reclaim() {
  const auto first_garbage = current_ == nullptr ? 1 : current_->next_chunk;
  auto begun = transaction::begin(env_, transaction::mode::write);
  if (!begun) return std::move(begun).error();
  bool has_garbage = false;
  {
    auto opened = lmdb::cursor::open(*begun, chunks_);
    if (!opened) return std::move(opened).error();
    for (auto item = opened->at_least(number_key(first_garbage));; item = opened->next()) {
      if (!item) return std::move(item).error();
      if (!item->has_value()) break;
      if (auto erased = opened->erase(); !erased) return erased;
      has_garbage = true;
    }
  }
  return has_garbage ? std::move(*begun).commit() : result<void>{};
}

result<void> snapshot_environment::store_counters_durably(const store_counters& counters) {
  std::array<std::byte, counters_bytes> stored{};
  detail::store_big_endian(stored.data() + 4, counters.newest_generation.value);
  detail::store_big_endian(stored.data() + 12, counters.reserved_to.value);
  detail::store_big_endian(stored.data(), crc32c(bytes_view(stored).subspan(4)));
  auto begun = transaction::begin(env_, transaction::mode::write);
  if (!begun) return std::move(begun).error();
  if (auto put = begun->put(state_, as_bytes(counters_key), stored); !put) return put;
  if (auto done = std::move(*begun).commit(); !done) return done;
  counters_ = counters;
  return {};
}

result<void> snapshot_environment::store_ledger_durably(const ledger_map& wanted) {
  const auto same_epoch = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::ranges::equal(ledger_, wanted, same_epoch)) return {};
  auto begun = transaction::begin(env_, transaction::mode::write);
  if (!begun) return std::move(begun).error();
  if (auto put = put_ledger(*begun, wanted); !put) return put;
  if (auto done = std::move(*begun).commit(); !done) return done;
  ledger_ = wanted;
  return {};
}

result<void> snapshot_environment::put_ledger(transaction& in, const ledger_map& wanted) {
  for (const auto& [epoch, entry] : ledger_) {
    if (wanted.contains(epoch)) continue;
    if (auto erased = in.erase(ledger_database_, number_key(epoch.value)); !erased) return std::move(erased).error();
  }
  for (const auto& [epoch, entry] : wanted) {
    if (ledger_.contains(epoch)) continue;
    const auto encoded = encode_ledger_entry(entry);
    if (auto put = in.put(ledger_database_, number_key(epoch.value), encoded.view()); !put) return put;
  }
  return {};
}

result<void> snapshot_environment::put_manifest(transaction& in, const manifest& what) {
  const auto encoded = encode_manifest(what);
  if (auto cleared = in.clear(manifest_); !cleared) return cleared;
  std::uint32_t piece = 0;
  for (auto rest = encoded.view(); !rest.empty(); ++piece) {
    const auto size = std::min(rest.size(), chunk_bytes_max);
    if (auto put = in.put(manifest_, number_key(piece), rest.first(size)); !put) return put;
    rest = rest.subspan(size);
  }
  return {};
}

void snapshot_environment::adopt(std::shared_ptr<const manifest> what, ledger_map ledger) {
  set_current(std::move(what));
  ledger_ = std::move(ledger);
}

void snapshot_environment::set_current(std::shared_ptr<const manifest> what) {
  const std::lock_guard lock{shared_};
  current_.swap(what);
}

error snapshot_environment::chunk_failure(const chunk_place& place, std::string_view why) {
  auto message = "chunk " + std::to_string(place.chunk) + " of the snapshot of epoch " +
                 std::to_string(place.epoch.value) + " in environment '" + folder_.string() +
                 "' is damaged: " + std::string(why) + "; use the other snapshot and discard this one";
  {
    const std::lock_guard lock{shared_};
    if (current_ != nullptr && current_->epoch == place.epoch) damage_ = message;
  }
  return fatal_error(errc::corrupt, std::move(message));
}

result<chunk_view> snapshot_environment::read_chunk(transaction& in, const chunk_place& place, std::uint32_t sum) {
  auto found = in.get(chunks_, number_key(place.chunk));
  if (!found) return chunk_failure(place, found.error().message);
  if (!found->has_value()) return chunk_failure(place, "it is missing");
  if (engine::fault_point("snapshot.read") == engine::fault_action::damage) {
    std::vector<std::byte> other{(*found)->begin(), (*found)->end()};
    other.back() ^= std::byte{1};
    if (auto damaged = parse_chunk(other); !damaged) return chunk_failure(place, damaged.error().message);
  }
  auto parsed = parse_chunk(**found);
  if (!parsed) return chunk_failure(place, parsed.error().message);
  if (parsed->head.id != place.chunk || detail::load_big_endian<std::uint32_t>((*found)->data()) != sum) {
    return chunk_failure(place, "it is not the chunk the manifest means");
  }
  return parsed;
}

}  // namespace millrace::persistence
