#include "lmdb_snapshot_writer.hpp"

#include <algorithm>
#include <chrono>

#include "keys.hpp"
#include "lmdb_snapshot_store.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/store_limits.hpp"

namespace millrace::persistence {
namespace {

using lmdb::transaction;

// What is dirty in memory until a commit, and what a failed commit loses.
constexpr std::uint64_t transaction_bytes_max = std::uint64_t{64} << 20;
constexpr std::size_t ledger_entry_bytes_max = std::size_t{64} << 20;

result<void> ask(const char* point) {
  const auto action = engine::fault_point(point);
  if (action == engine::fault_action::proceed) return {};
  if (action == engine::fault_action::full) {
    return fatal_error(errc::disk_full, std::string("injected: no room at fault point ") + point);
  }
  return fatal_error(errc::io_error, std::string("injected failure at fault point ") + point);
}

std::string place(std::string_view task, std::size_t page) {
  return "page " + std::to_string(page) + " of task '" + std::string(task) + "'";
}

processing_time wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

}  // namespace

lmdb_snapshot_writer::lmdb_snapshot_writer(lmdb_snapshot_store& store,
                                           std::shared_ptr<snapshot_environment> environment,
                                           std::shared_ptr<const manifest> base, epoch_id epoch, generation incarnation)
    : store_(store),
      environment_(std::move(environment)),
      base_(std::move(base)),
      next_(std::make_shared<manifest>()),
      first_chunk_(environment_->current() == nullptr ? 1 : environment_->current()->next_chunk) {
  next_->epoch = epoch;
  next_->incarnation = incarnation;
  next_->next_chunk = first_chunk_;
}

result<void> lmdb_snapshot_writer::put_page(std::string_view task, std::uint32_t page, bytes_view content) {
  if (auto usable = check_open(); !usable) return usable;
  if (auto bounded = engine::check_page(task, page, content.size()); !bounded) return bounded;
  auto& into = mentioned(task);
  auto& [pages, given, count, meta] = into.second;
  if (pages.size() <= page) pages.resize(page + std::size_t{1});
  if (given.size() <= page) given.resize(page + std::size_t{1});
  if (given[page]) return user_error(errc::invalid_argument, place(task, page) + " is given twice");
  given[page] = true;
  if (content.size() <= chunk_content_bytes_max) {
    if (open_task_ != &into || !open_chunk_.fits(content.size())) {
      if (auto flushed = flush(); !flushed) return flushed;
    }
    pack(into, page, content);
    return {};
  }
  auto written = write_parts(into, page, chunk_kind::page_part, content);
  if (!written) return std::move(written).error();
  pages[page] = *written;
  return {};
}

result<void> lmdb_snapshot_writer::set_page_count(std::string_view task, std::uint32_t pages) {
  if (auto usable = check_open(); !usable) return usable;
  if (auto bounded = engine::check_page_count(task, pages); !bounded) return bounded;
  mentioned(task).second.count = pages;
  return {};
}

result<void> lmdb_snapshot_writer::put_meta(std::string_view task, bytes_view content) {
  if (auto usable = check_open(); !usable) return usable;
  if (auto bounded = engine::check_meta(task, content.size()); !bounded) return bounded;
  auto& into = mentioned(task);
  into.second.meta = {};
  if (content.empty()) return {};
  auto written = write_parts(into, 0, chunk_kind::meta_part, content);
  if (!written) return std::move(written).error();
  into.second.meta = *written;
  return {};
}

result<void> lmdb_snapshot_writer::commit(engine::ledger_entry entry) {
  if (auto usable = check_open(); !usable) return usable;
  if (entry.epoch != next_->epoch || entry.incarnation != next_->incarnation) {
    return user_error(errc::invalid_argument,
                      "the ledger entry is not that of the snapshot of epoch " + std::to_string(next_->epoch.value));
  }
  if (encode_ledger_entry(entry).size() > ledger_entry_bytes_max) {
    return user_error(errc::limit_exceeded, "positions and prepared handles of an epoch have more than " +
                                                std::to_string(ledger_entry_bytes_max) + " bytes");
  }
  auto done = commit_parts(std::move(entry));
  close();
  return done;
}

result<void> lmdb_snapshot_writer::commit_parts(engine::ledger_entry entry) {
  if (auto settled = settle_tasks(); !settled) return settled;
  if (auto rewritten = rewrite_sparse_chunks(); !rewritten) return rewritten;
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto finished = finish_transaction(); !finished) return finished;
  settle_chunks();
  auto ledger = store_.ledger_with(std::move(entry));
  if (auto written = write_manifest(ledger); !written) return written;
  environment_->adopt(next_, ledger);
  store_.committed(environment_->number(), std::move(ledger), bytes_written_);
  return {};
}

void lmdb_snapshot_writer::yield_environment() {
  if (!finish_transaction()) is_broken_ = true;
}

result<void> lmdb_snapshot_writer::check_open() const {
  if (!is_open_) return fatal_error(errc::fenced, "this snapshot writer is closed; begin another snapshot");
  if (is_broken_) return fatal_error(errc::failed, "a write of this snapshot failed before; abort it");
  return store_.check_generation(next_->epoch, next_->incarnation);
}

lmdb_snapshot_writer::draft& lmdb_snapshot_writer::mentioned(std::string_view task) {
  const auto known = drafts_.find(task);
  if (known != drafts_.end()) return *known;
  auto& fresh = *drafts_.try_emplace(std::string(task)).first;
  if (base_ != nullptr) {
    const auto carried = base_->tasks.find(task);
    if (carried != base_->tasks.end()) fresh.second.pages = carried->second.pages;
  }
  return fresh;
}

void lmdb_snapshot_writer::pack(draft& into, std::uint32_t page, bytes_view content) {
  open_task_ = &into;
  open_chunk_.add(page, content);
  into.second.pages[page] = {next_->next_chunk, static_cast<std::uint32_t>(content.size())};
}

result<void> lmdb_snapshot_writer::flush() {
  if (open_chunk_.is_empty()) return {};
  chunk_head head;
  head.task = open_task_->first;
  head.slots = open_chunk_.slots();
  auto written = write_chunk(head, open_chunk_.content());
  open_chunk_.clear();
  return written;
}

result<content_ref> lmdb_snapshot_writer::write_parts(const draft& of, std::uint32_t page, chunk_kind kind,
                                                      bytes_view content) {
  if (auto flushed = flush(); !flushed) return std::move(flushed).error();
  const content_ref ref{next_->next_chunk, static_cast<std::uint32_t>(content.size())};
  chunk_head head;
  head.task = of.first;
  head.kind = kind;
  head.parts = parts_of(content.size());
  for (head.part = 0; head.part < head.parts; ++head.part) {
    const auto piece = content.first(std::min(content.size(), chunk_content_bytes_max));
    head.slots = {{page, static_cast<std::uint32_t>(piece.size())}};
    if (auto written = write_chunk(head, piece); !written) return std::move(written).error();
    content = content.subspan(piece.size());
  }
  return ref;
}

result<void> lmdb_snapshot_writer::write_chunk(const chunk_head& head, bytes_view content) {
  is_broken_ = true;
  if (auto allowed = ask("snapshot.chunk_write"); !allowed) return allowed;
  if (!transaction_) {
    auto begun = transaction::begin(environment_->env(), transaction::mode::write);
    if (!begun) return std::move(begun).error();
    transaction_.emplace(std::move(begun).value());
  }
  auto numbered = head;
  numbered.id = next_->next_chunk++;
  numbered.epoch = next_->epoch;
  const auto encoded = encode_chunk_head(numbered);
  const auto bytes = chunk_bytes(encoded, content);
  auto room = transaction_->append(environment_->chunks(), number_key(numbered.id), bytes);
  if (!room) return std::move(room).error();
  auto& record = next_->chunks[numbered.id];
  record.sum = seal_chunk(*room, encoded, content);
  for (const auto& slot : head.slots) record.weight += slot_weight(slot.bytes);
  if (transaction_->bytes_written() >= transaction_bytes_max) {
    if (auto finished = finish_transaction(); !finished) return finished;
  }
  is_broken_ = false;
  return {};
}

result<void> lmdb_snapshot_writer::finish_transaction() {
  if (!transaction_) return {};
  bytes_written_ += transaction_->bytes_written();
  auto done = std::move(*transaction_).commit();
  transaction_.reset();
  return done;
}

result<void> lmdb_snapshot_writer::settle_tasks() {
  for (auto& [key, task] : drafts_) {
    if (task.count) task.pages.resize(*task.count);
    const auto hole = std::ranges::find(task.pages, std::uint64_t{0}, &content_ref::chunk);
    if (hole != task.pages.end()) {
      return user_error(errc::invalid_argument, place(key, static_cast<std::size_t>(hole - task.pages.begin())) +
                                                    " was never given and is not in the base either");
    }
  }
  return {};
}

std::map<std::uint64_t, std::uint64_t> lmdb_snapshot_writer::live_weights() const {
  std::map<std::uint64_t, std::uint64_t> live;
  for (const auto& [key, task] : drafts_) {
    for (const auto& page : task.pages) {
      // Parts have their chunks to themselves: as long as the page lives, all of each chunk does.
      const auto parts = parts_of(page.bytes);
      for_each_chunk(page, parts, [&](std::uint64_t chunk) { live[chunk] += slot_weight(page.bytes); });
    }
    if (task.meta.chunk == 0) continue;
    for_each_chunk(task.meta, parts_of(task.meta.bytes), [&](std::uint64_t chunk) { live[chunk] += 1; });
  }
  return live;
}

result<void> lmdb_snapshot_writer::rewrite_sparse_chunks() {
  if (base_ == nullptr) return {};
  std::vector<std::uint64_t> sparse;
  for (const auto& [chunk, weight] : live_weights()) {
    if (chunk < first_chunk_ && weight * 2 < base_->chunks.at(chunk).weight) sparse.push_back(chunk);
  }
  if (sparse.empty()) return {};
  auto begun = transaction::begin(environment_->env(), transaction::mode::read);
  if (!begun) return std::move(begun).error();
  for (const auto chunk : sparse) {
    if (auto rewritten = rewrite(chunk, *begun); !rewritten) return rewritten;
  }
  return {};
}

result<void> lmdb_snapshot_writer::rewrite(std::uint64_t chunk, transaction& from) {
  auto read = environment_->read_chunk(from, {chunk, base_->epoch}, base_->chunks.at(chunk).sum);
  if (!read) return std::move(read).error();
  auto& into = mentioned(read->head.task);
  auto& pages = into.second.pages;
  std::size_t offset = 0;
  for (const auto& slot : read->head.slots) {
    const auto content = read->content.subspan(offset, slot.bytes);
    offset += slot.bytes;
    if (slot.page >= pages.size() || pages[slot.page].chunk != chunk) continue;
    if (open_task_ != &into || !open_chunk_.fits(content.size())) {
      if (auto flushed = flush(); !flushed) return flushed;
    }
    pack(into, slot.page, content);
  }
  return {};
}

void lmdb_snapshot_writer::settle_chunks() {
  std::map<std::uint64_t, chunk_record> kept;
  for (const auto& [chunk, weight] : live_weights()) {
    kept[chunk] = chunk < first_chunk_ ? base_->chunks.at(chunk) : next_->chunks.at(chunk);
  }
  next_->chunks = std::move(kept);
  for (auto& [key, task] : drafts_) next_->tasks[key] = {std::move(task.pages), task.meta};
  next_->written_at = wall_clock();
}

result<void> lmdb_snapshot_writer::write_manifest(const ledger_map& ledger) {
  if (auto allowed = ask("snapshot.before_manifest"); !allowed) return allowed;
  auto begun = transaction::begin(environment_->env(), transaction::mode::write);
  if (!begun) return std::move(begun).error();
  // In this transaction and no earlier one: until it is durable the old manifest needs its chunks. A page given and
  // dropped again leaves a new chunk without a live page: it goes too.
  for (auto chunk = first_chunk_; chunk < next_->next_chunk; ++chunk) {
    if (next_->chunks.contains(chunk)) continue;
    auto erased = begun->erase(environment_->chunks(), number_key(chunk));
    if (!erased) return std::move(erased).error();
  }
  if (const auto& old = environment_->current()) {
    for (const auto& [chunk, record] : old->chunks) {
      if (next_->chunks.contains(chunk)) continue;
      auto erased = begun->erase(environment_->chunks(), number_key(chunk));
      if (!erased) return std::move(erased).error();
    }
  }
  if (auto put = environment_->put_manifest(*begun, *next_); !put) return put;
  if (auto put = environment_->put_ledger(*begun, ledger); !put) return put;
  bytes_written_ += begun->bytes_written();
  auto done = std::move(*begun).commit();
  return done ? done : resolve_failed_commit(std::move(done).error());
}

result<void> lmdb_snapshot_writer::resolve_failed_commit(error why) {
  // The disk's last word counts: a commit that failed on its way back may be there all the same.
  auto begun = transaction::begin(environment_->env(), transaction::mode::read);
  if (begun) {
    auto stored = environment_->read_manifest(*begun);
    if (stored && *stored != nullptr && (*stored)->epoch == next_->epoch) return {};
    if (stored) return why;
  }
  why.code = errc::failed;
  why.message += "; whether the snapshot of epoch " + std::to_string(next_->epoch.value) +
                 " is committed is not known: restart, the store then tells";
  return why;
}

void lmdb_snapshot_writer::close() noexcept {
  transaction_.reset();
  open_chunk_.clear();
  open_task_ = nullptr;
  if (is_open_) store_.writer_closed();
  is_open_ = false;
}

}  // namespace millrace::persistence
