#include "lmdb_event_log.hpp"

#include <algorithm>
#include <array>

#include "lmdb_check.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/store_limits.hpp"

namespace millrace::persistence {

using detail::load_big_endian;
using detail::store_big_endian;
using engine::log_entry;
using engine::log_extent;
using engine::log_offset;
using lmdb::transaction;

namespace {

constexpr std::size_t sum_bytes = 4;
constexpr std::size_t entry_head_bytes = sum_bytes + 4;
constexpr std::size_t extent_bytes = sum_bytes + 16;
// Tree pages beside a batch, and its copy-on-write neighbours.
constexpr std::uint64_t overhead_bytes = 256 * 1024;

byte_buffer partition_key(std::string_view topic, std::uint32_t partition) {
  byte_buffer key;
  key.append(as_bytes(topic));
  key.push_back(std::byte{0});
  store_big_endian(key.extend(sizeof partition), partition);
  return key;
}

byte_buffer entry_key(bytes_view prefix, log_offset first) {
  byte_buffer key;
  key.append(prefix);
  store_big_endian(key.extend(sizeof first.value), first.value);
  return key;
}

std::string place(bytes_view prefix, log_offset offset) {
  const auto topic = as_text(prefix.first(prefix.size() - 5));
  const auto partition = load_big_endian<std::uint32_t>(prefix.data() + prefix.size() - 4);
  return "topic '" + std::string(topic) + "', partition " + std::to_string(partition) + ", offset " +
         std::to_string(offset.value);
}

/// Over the key too, so that an entry under a key with a flipped bit is noticed.
std::uint32_t sum_of(bytes_view key, bytes_view value) {
  return crc32c(value.subspan(sum_bytes), crc32c(key));
}

bool is_of(const lmdb::entry& stored, bytes_view prefix) {
  return stored.key.size() == prefix.size() + sizeof(std::uint64_t) &&
         std::ranges::equal(stored.key.first(prefix.size()), prefix);
}

log_offset first_of(const lmdb::entry& stored) {
  return {load_big_endian<std::uint64_t>(stored.key.data() + stored.key.size() - sizeof(std::uint64_t))};
}

result<void> ask(const char* point) {
  const auto action = engine::fault_point(point);
  if (action == engine::fault_action::proceed) return {};
  if (action == engine::fault_action::full) {
    return fatal_error(errc::disk_full, std::string("injected: no room at fault point ") + point);
  }
  return fatal_error(errc::io_error, std::string("injected failure at fault point ") + point);
}

/// The cursor on the entry that holds `from`, or on the first one behind.
result<std::optional<lmdb::entry>> seek(lmdb::cursor& at, bytes_view prefix, log_offset from) {
  auto found = at.at_least(entry_key(prefix, from).view());
  if (!found || (found->has_value() && is_of(**found, prefix) && first_of(**found) == from)) return found;
  auto before = found->has_value() ? at.previous() : at.last();
  if (!before || (before->has_value() && is_of(**before, prefix))) return before;
  return before->has_value() ? at.next() : at.first();
}

}  // namespace

result<std::unique_ptr<engine::event_log>> open_event_log(const std::filesystem::path& folder,
                                                          const event_log_options& options) {
  auto opened = lmdb_event_log::open(folder, options);
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<engine::event_log>(std::move(opened).value());
}

result<std::unique_ptr<lmdb_event_log>> lmdb_event_log::open(const std::filesystem::path& folder,
                                                             const event_log_options& options) {
  const auto place = folder / "log";
  if (auto made = make_folder(place); !made) return std::move(made).error();
  auto lock = directory_lock::take(place);
  if (!lock) return std::move(lock).error();
  if (auto checked = lmdb::check_file(place); !checked) {
    auto why = std::move(checked).error();
    why.message += "; restore it from a backup, or move the folder away to start with an empty log";
    return why;
  }
  lmdb::environment_options common;
  common.map_bytes = options.map_bytes;
  auto env = lmdb::environment::open(place, common);
  if (!env) return std::move(env).error();
  std::unique_ptr<lmdb_event_log> log(new lmdb_event_log(std::move(lock).value(), std::move(env).value()));
  if (auto ready = log->open_databases(); !ready) return std::move(ready).error();
  for (const auto& made : {place, folder}) {
    if (auto synced = sync_folder(made); !synced) return std::move(synced).error();
  }
  return log;
}

result<void> lmdb_event_log::open_databases() {
  auto begun = transaction::begin(env_, transaction::mode::write);
  if (!begun) return std::move(begun).error();
  auto entries = begun->open_database("entries", true);
  if (!entries) return std::move(entries).error();
  auto extents = begun->open_database("extents", true);
  if (!extents) return std::move(extents).error();
  entries_ = *entries;
  extents_ = *extents;
  return std::move(*begun).commit();
}

result<log_offset> lmdb_event_log::append(std::string_view topic, std::uint32_t partition, bytes_view batch,
                                          std::uint32_t count) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  if (auto bounded = engine::check_batch(batch.size(), count); !bounded) return std::move(bounded).error();
  if (auto allowed = ask("log.append"); !allowed) return std::move(allowed).error();
  const std::lock_guard lock{writing_};
  const auto prefix = partition_key(topic, partition);
  auto begun = transaction::begin(env_, transaction::mode::write);
  if (!begun) return std::move(begun).error();
  auto known = load_extent(*begun, prefix.view());
  if (!known) return std::move(known).error();
  const auto first = known->tail;
  const auto key = entry_key(prefix.view(), first);
  byte_buffer value;
  value.extend(sum_bytes);
  store_big_endian(value.extend(sizeof count), count);
  value.append(batch);
  store_big_endian(value.data(), sum_of(key.view(), value.view()));
  if (auto put = begun->put(entries_, key.view(), value.view()); !put) return std::move(put).error();
  const log_extent grown{known->head, {first.value + count}};
  if (auto stored = store_extent(*begun, prefix.view(), grown); !stored) return std::move(stored).error();
  auto done = std::move(*begun).commit();
  if (done) return first;
  // LMDB says EIO for a full disk; what was to be written is known here.
  const auto free = free_bytes(env_->folder());
  const auto needed = batch.size() + overhead_bytes;
  if (done.error().code == errc::io_error && free < needed) return disk_full_error(env_->folder(), needed, free);
  return std::move(done).error();
}

result<std::vector<log_entry>> lmdb_event_log::read(std::string_view topic, std::uint32_t partition, log_offset from,
                                                    std::size_t bytes_max) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  const auto key = partition_key(topic, partition);
  const auto prefix = key.view();
  auto begun = transaction::begin(env_, transaction::mode::read);
  if (!begun) return std::move(begun).error();
  auto known = load_extent(*begun, prefix);
  if (!known) return std::move(known).error();
  if (from < known->head) {
    return fatal_error(errc::truncated, place(prefix, from) + " is trimmed; the log starts at offset " +
                                            std::to_string(known->head.value));
  }
  if (from > known->tail) {
    return user_error(errc::invalid_argument,
                      place(prefix, from) + " is beyond the tail, offset " + std::to_string(known->tail.value));
  }
  auto opened = lmdb::cursor::open(*begun, entries_);
  if (!opened) return std::move(opened).error();
  std::vector<log_entry> found;
  std::size_t bytes = 0;
  auto due = from;  // where the next entry must start for the log to be without a gap
  if (from == known->tail) return found;
  for (auto item = seek(*opened, prefix, from); due < known->tail; item = opened->next()) {
    if (!item) return std::move(item).error();
    if (!item->has_value() || !is_of(**item, prefix)) return damaged(prefix, due, "the entry is missing");
    if (!found.empty() && bytes + (*item)->value.size() - entry_head_bytes > bytes_max) break;
    auto entry = parse_entry(**item, prefix);
    if (!entry) return std::move(entry).error();
    const log_offset end{entry->first.value + entry->count};
    const bool is_due = found.empty() ? entry->first <= due && due < end : entry->first == due;
    if (!is_due) return damaged(prefix, due, "the entry is missing");
    due = end;
    bytes += entry->bytes.size();
    found.push_back(std::move(entry).value());
  }
  return found;
}

result<log_extent> lmdb_event_log::extent(std::string_view topic, std::uint32_t partition) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  auto begun = transaction::begin(env_, transaction::mode::read);
  if (!begun) return std::move(begun).error();
  return load_extent(*begun, partition_key(topic, partition).view());
}

result<log_offset> lmdb_event_log::trim(std::string_view topic, std::uint32_t partition, log_offset before) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  const std::lock_guard lock{writing_};
  const auto prefix = partition_key(topic, partition);
  auto begun = transaction::begin(env_, transaction::mode::write);
  if (!begun) return std::move(begun).error();
  auto known = load_extent(*begun, prefix.view());
  if (!known) return std::move(known).error();
  const auto head = boundary(*begun, prefix.view(), *known, before);
  if (!head || *head == known->head) return head;
  if (auto allowed = ask("log.trim"); !allowed) return std::move(allowed).error();
  if (auto dropped = drop_entries(*begun, prefix.view(), *head); !dropped) return std::move(dropped).error();
  if (auto stored = store_extent(*begun, prefix.view(), {*head, known->tail}); !stored) {
    return std::move(stored).error();
  }
  if (auto done = std::move(*begun).commit(); !done) return std::move(done).error();
  return head;
}

result<log_offset> lmdb_event_log::boundary(transaction& in, bytes_view prefix, const log_extent& extent,
                                            log_offset before) {
  if (before <= extent.head) return extent.head;
  if (before >= extent.tail) return extent.tail;
  auto opened = lmdb::cursor::open(in, entries_);
  if (!opened) return std::move(opened).error();
  auto holder = seek(*opened, prefix, before);
  if (!holder) return std::move(holder).error();
  if (!holder->has_value() || !is_of(**holder, prefix)) return damaged(prefix, before, "the entry is missing");
  return std::min(first_of(**holder), before);
}

result<void> lmdb_event_log::drop_entries(transaction& in, bytes_view prefix, log_offset head) {
  auto opened = lmdb::cursor::open(in, entries_);
  if (!opened) return std::move(opened).error();
  // By key alone: a damaged entry must not keep a log from being trimmed.
  for (auto item = opened->at_least(entry_key(prefix, {}).view());; item = opened->next()) {
    if (!item) return std::move(item).error();
    if (!item->has_value() || !is_of(**item, prefix) || first_of(**item) >= head) return {};
    if (auto erased = opened->erase(); !erased) return erased;
  }
}

result<log_extent> lmdb_event_log::load_extent(transaction& in, bytes_view prefix) {
  auto found = in.get(extents_, prefix);
  if (!found) return std::move(found).error();
  if (!found->has_value()) return log_extent{};
  const auto value = **found;
  if (value.size() != extent_bytes || load_big_endian<std::uint32_t>(value.data()) != sum_of(prefix, value)) {
    return damaged(prefix, {}, "the partition's extent fails its checksum");
  }
  return log_extent{{load_big_endian<std::uint64_t>(value.data() + sum_bytes)},
                    {load_big_endian<std::uint64_t>(value.data() + sum_bytes + 8)}};
}

result<void> lmdb_event_log::store_extent(transaction& in, bytes_view prefix, const log_extent& extent) {
  std::array<std::byte, extent_bytes> value{};
  store_big_endian(value.data() + sum_bytes, extent.head.value);
  store_big_endian(value.data() + sum_bytes + 8, extent.tail.value);
  store_big_endian(value.data(), sum_of(prefix, value));
  return in.put(extents_, prefix, value);
}

result<log_entry> lmdb_event_log::parse_entry(const lmdb::entry& stored, bytes_view prefix) {
  const auto first = first_of(stored);
  const auto value = stored.value;
  if (value.size() < entry_head_bytes) return damaged(prefix, first, "the entry is too short");
  if (load_big_endian<std::uint32_t>(value.data()) != sum_of(stored.key, value)) {
    return damaged(prefix, first, "the entry fails its checksum");
  }
  const auto batch = value.subspan(entry_head_bytes);
  return log_entry{first, load_big_endian<std::uint32_t>(value.data() + sum_bytes), {batch.begin(), batch.end()}};
}

error lmdb_event_log::damaged(bytes_view prefix, log_offset offset, std::string_view what) const {
  return fatal_error(errc::corrupt, place(prefix, offset) + " in '" + env_->folder().string() + "': " +
                                        std::string(what) + "; restore the log from a backup, or read on behind it");
}

}  // namespace millrace::persistence
