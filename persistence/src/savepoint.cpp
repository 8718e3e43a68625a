#include "millrace/persistence/savepoint.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "lmdb_snapshot_store.hpp"
#include "millrace/bytes.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/engine/snapshot_meta.hpp"
#include "millrace/msgpack/reader.hpp"
#include "millrace/msgpack/writer.hpp"
#include "millrace/persistence/data_folder.hpp"
#include "millrace/persistence/event_log.hpp"

namespace millrace::persistence {

namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "savepoint";
constexpr std::uint64_t format = 1;
constexpr std::uint32_t fields = 7;
/// What `about` and the rest take at most; more is no savepoint of ours.
constexpr std::uintmax_t file_bytes_max = std::uintmax_t{16} << 20U;

error damaged(const fs::path& folder, const std::string& why) {
  return fatal_error(errc::corrupt, "the savepoint '" + folder.string() + "' is damaged: " + why +
                                        "; use another one, or a copy of it from a backup");
}

error of_another_version(const std::string& task) {
  return user_error(errc::schema_mismatch, "the savepoint's part of " + task +
                                               " was written by another version of Millrace; start the topology "
                                               "that it is of with that one, and take another");
}

/// Goes through everything of a snapshot in a fixed order.
class content_walk {
public:
  explicit content_walk(engine::snapshot_reader& from) : from_{from} {}
  virtual ~content_walk() = default;

  result<void> run() {
    for (const auto& task : from_.tasks()) {
      const auto pages = from_.page_count(task);
      if (!pages) return pages.error();
      const auto meta = from_.meta(task);
      if (!meta) return meta.error();
      note(as_bytes(task));
      note(*meta);
      if (auto ok = on_task(task, *pages, *meta); !ok) return ok;
      auto walked = from_.for_each_page(task, [&](std::uint32_t page, bytes_view content) -> result<void> {
        // Pages come in the order of storage, which differs between copies: their checksums are added up.
        sum_ += crc32c(content, page + 1);
        bytes_ += content.size();
        return on_page(task, page, content);
      });
      if (!walked) return walked;
      ++tasks_;
    }
    return {};
  }
  [[nodiscard]] std::uint32_t checksum() const noexcept { return sum_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t tasks() const noexcept { return tasks_; }

protected:
  virtual result<void> on_task(const std::string&, std::uint32_t, bytes_view) { return {}; }
  virtual result<void> on_page(const std::string&, std::uint32_t, bytes_view) { return {}; }

private:
  void note(bytes_view content) {
    sum_ = crc32c(content, sum_);
    bytes_ += content.size();
  }
  engine::snapshot_reader& from_;
  std::uint32_t sum_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t tasks_ = 0;
};

class content_copy final : public content_walk {
public:
  /// `moves`: to another topology than it is of, which leaves prepared output where it is.
  content_copy(engine::snapshot_reader& from, engine::snapshot_writer& to, bool moves)
      : content_walk{from}, to_{to}, moves_{moves} {}

private:
  result<void> on_task(const std::string& task, std::uint32_t pages, bytes_view meta) override {
    if (auto ok = to_.set_page_count(task, pages); !ok) return ok;
    if (!moves_) return to_.put_meta(task, meta);
    const auto stripped = engine::without_prepared_output(meta);
    if (!stripped) return of_another_version(task);
    return to_.put_meta(task, stripped->view());
  }
  result<void> on_page(const std::string& task, std::uint32_t page, bytes_view content) override {
    return to_.put_page(task, page, content);
  }
  engine::snapshot_writer& to_;
  bool moves_;
};

/// Copies a snapshot into a store that has none.
result<savepoint> copy(const held_snapshot& from, lmdb_snapshot_store& to, bool moves) {
  auto entry = from.entry;
  const auto epoch = entry.epoch;
  if (auto counted = to.count_as_used(epoch); !counted) return std::move(counted).error();
  const auto incarnation = to.next_generation();
  if (!incarnation) return incarnation.error();
  auto writer = to.begin(epoch, *incarnation);
  if (!writer) return std::move(writer).error();
  content_copy content{*from.content, **writer, moves};
  if (auto copied = content.run(); !copied) return std::move(copied).error();
  entry.incarnation = *incarnation;
  if (moves) entry.prepared.clear();
  if (auto done = (*writer)->commit(entry); !done) return std::move(done).error();
  return savepoint{epoch, {}, content.bytes(), content.tasks(), content.checksum(), {}};
}

byte_buffer encode(const savepoint& s) {
  byte_buffer body;
  msgpack::writer out{body};
  out.array(fields);
  out.integer(format);
  out.integer(s.epoch.value);
  out.integer(s.written_at.ns);
  out.integer(s.bytes);
  out.integer(s.tasks);
  out.integer(std::uint64_t{s.checksum});
  out.string(s.about);
  const auto sum = crc32c(body.view());
  byte_buffer all;
  for (const int shift : {24, 16, 8, 0}) all.push_back(static_cast<std::byte>(sum >> static_cast<unsigned>(shift)));
  all.append(body.view());
  return all;
}

bool decode(bytes_view bytes, savepoint& s) {
  if (bytes.size() < 4) return false;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 4; ++i) sum = sum << 8U | std::to_integer<std::uint32_t>(bytes[i]);
  const auto body = bytes.subspan(4);
  if (crc32c(body) != sum) return false;
  msgpack::reader in{body};
  std::uint32_t n = 0;
  std::uint64_t version = 0;
  std::uint64_t content = 0;
  std::string_view about;
  if (!in.array(n) || n != fields || !in.integer(version) || version != format || !in.integer(s.epoch.value) ||
      !in.integer(s.written_at.ns) || !in.integer(s.bytes) || !in.integer(s.tasks) || !in.integer(content) ||
      !in.string(about) || !in.at_end()) {
    return false;
  }
  s.checksum = static_cast<std::uint32_t>(content);
  s.about.assign(about);
  return true;
}

/// Of what is being written; a crash leaves it, and the next one of this name takes it away.
fs::path draft_of(const fs::path& folder) {
  return folder.string() + ".new";
}

result<savepoint> write_draft(const fs::path& draft, const held_snapshot& from, processing_time now,
                              std::string about) {
  auto store = lmdb_snapshot_store::open(draft, {});
  if (!store) return std::move(store).error();
  auto made = copy(from, **store, false);
  if (!made) return made;
  made->written_at = now;
  made->about = std::move(about);
  const auto bytes = encode(*made);
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  // The topology's text may hold secrets.
  if (auto written = replace_file(draft / file_name, text, 0600); !written) return std::move(written).error();
  return made;
}

}  // namespace

result<held_snapshot> hold_snapshot(engine::snapshot_store& from, epoch_id epoch) {
  auto reader = from.open(epoch);
  if (!reader) return std::move(reader).error();
  const auto ledger = from.ledger();
  if (!ledger) return ledger.error();
  const auto entry = std::ranges::find(*ledger, epoch, &engine::ledger_entry::epoch);
  if (entry == ledger->end()) {
    return fatal_error(errc::corrupt, "epoch " + std::to_string(epoch.value) + " is not in the ledger");
  }
  return held_snapshot{*entry, *std::move(reader)};
}

result<savepoint> write_savepoint(const fs::path& folder, const held_snapshot& from, processing_time now,
                                  std::string about) {
  std::error_code code;
  if (fs::exists(folder, code)) {
    return user_error(errc::already_exists, "'" + folder.string() + "' is there already");
  }
  if (auto made = make_folder(folder.parent_path()); !made) return std::move(made).error();
  const auto draft = draft_of(folder);
  fs::remove_all(draft, code);
  auto made = write_draft(draft, from, now, std::move(about));
  if (made) {
    if (auto synced = sync_folder(draft); !synced) made = std::move(synced).error();
  }
  if (made) {
    fs::rename(draft, folder, code);
    if (code)
      made = fatal_error(errc::io_error, "cannot name the savepoint " + folder.string() + ": " + code.message());
  }
  if (!made) {
    fs::remove_all(draft, code);
    return made;
  }
  if (auto synced = sync_folder(folder.parent_path()); !synced) return std::move(synced).error();
  return made;
}

result<savepoint> read_savepoint(const fs::path& folder) {
  const auto file = folder / file_name;
  std::error_code code;
  const auto size = fs::file_size(file, code);
  if (code) return user_error(errc::not_found, "there is no savepoint in '" + folder.string() + "'");
  if (size > file_bytes_max) return damaged(folder, "the file '" + std::string{file_name} + "' is too large");
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  savepoint out;
  if (!in || !decode(as_bytes(text), out)) {
    return damaged(folder, "the file '" + std::string{file_name} + "' is not as it was written");
  }
  return out;
}

result<savepoint> verify_savepoint(const fs::path& folder) {
  auto said = read_savepoint(folder);
  if (!said) return said;
  snapshot_store_options look_only;
  look_only.read_only = true;
  auto store = lmdb_snapshot_store::open(folder, look_only);
  if (!store) return std::move(store).error();
  auto reader = (*store)->open(said->epoch);
  if (!reader) return damaged(folder, reader.error().message);
  content_walk content{**reader};
  if (auto walked = content.run(); !walked) return damaged(folder, walked.error().message);
  if (content.checksum() != said->checksum || content.bytes() != said->bytes || content.tasks() != said->tasks) {
    return damaged(folder, "its content is not what its checksum says");
  }
  return said;
}

result<savepoint> start_from_savepoint(const fs::path& savepoint_folder, const fs::path& data_folder, bool moves) {
  auto said = read_savepoint(savepoint_folder);
  if (!said) return said;
  snapshot_store_options look_only;
  look_only.read_only = true;
  auto source = lmdb_snapshot_store::open(savepoint_folder, look_only);
  if (!source) return std::move(source).error();
  auto target = lmdb_snapshot_store::open(data_folder, {});
  if (!target) return std::move(target).error();
  for (auto all = (*target)->list(); !all.empty(); all = (*target)->list()) {
    auto gone = (*target)->discard(all.front().epoch, engine::discard_mode::force);
    if (!gone) return std::move(gone).error();
    if ((*target)->list().size() == all.size()) {
      return fatal_error(errc::corrupt, "the snapshots in '" + data_folder.string() + "' cannot be given up");
    }
  }
  // Sinks that remember epochs may have seen later ones from whoever wrote the savepoint: none of those comes again.
  if ((*target)->is_fresh()) {
    if (auto counted = (*target)->count_as_used(std::max(said->epoch, beyond_all_counts())); !counted) {
      return std::move(counted).error();
    }
  }
  const auto held = hold_snapshot(**source, said->epoch);
  if (!held) return held.error();
  auto copied = copy(*held, **target, moves);
  if (!copied) return copied;
  return said;
}

result<void> check_log_reaches(const fs::path& savepoint_folder, const fs::path& data_folder,
                               const std::vector<std::string>& tasks) {
  if (tasks.empty()) return {};
  const auto said = read_savepoint(savepoint_folder);
  if (!said) return said.error();
  snapshot_store_options look_only;
  look_only.read_only = true;
  auto store = lmdb_snapshot_store::open(savepoint_folder, look_only);
  if (!store) return std::move(store).error();
  auto reader = (*store)->open(said->epoch);
  if (!reader) return damaged(savepoint_folder, reader.error().message);
  auto log = open_event_log(data_folder);
  if (!log) return std::move(log).error();
  for (const auto& task : tasks) {
    const auto meta = (*reader)->meta(task);
    if (!meta) return damaged(savepoint_folder, meta.error().message);
    const auto wanted = engine::place_in_log(*meta);
    if (!wanted) return of_another_version(task);
    const auto slash = task.rfind('/');
    const auto partition = static_cast<std::uint32_t>(std::stoul(task.substr(slash + 1)));
    const auto there = (*log)->extent(engine::log_topic(task.substr(0, slash)), partition);
    if (!there) return there.error();
    if (there->head <= *wanted && *wanted <= there->tail) continue;
    return user_error(errc::truncated,
                      "the savepoint '" + savepoint_folder.filename().string() + "' goes on at event " +
                          std::to_string(wanted->value) + " of " + task + ", and its log has only " +
                          std::to_string(there->head.value) + " to " + std::to_string(there->tail.value) +
                          ": what a logged producer took in before the newest two snapshots is not kept; start from a "
                          "newer savepoint, or without one");
  }
  return {};
}

result<epoch_id> newest_committed(const fs::path& data_folder) {
  std::error_code code;
  if (!fs::exists(data_folder / "a", code)) return epoch_id{};
  snapshot_store_options look_only;
  look_only.read_only = true;
  auto store = lmdb_snapshot_store::open(data_folder, look_only);
  if (!store) return std::move(store).error();
  auto ledger = (*store)->ledger();
  if (!ledger) return std::move(ledger).error();
  epoch_id newest{};
  for (const auto& entry : *ledger) newest = std::max(newest, entry.epoch);
  return newest;
}

result<void> remove_savepoint(const fs::path& folder) {
  std::error_code code;
  if (!fs::exists(folder / file_name, code)) {
    return user_error(errc::not_found, "there is no savepoint in '" + folder.string() + "'");
  }
  // First what makes it a savepoint: should the rest fail, nobody starts from it.
  fs::remove(folder / file_name, code);
  if (!code) fs::remove_all(folder, code);
  if (code) return fatal_error(errc::io_error, "cannot remove " + folder.string() + ": " + code.message());
  return sync_folder(folder.parent_path());
}

}  // namespace millrace::persistence
