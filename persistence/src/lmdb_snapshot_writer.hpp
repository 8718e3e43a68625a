#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chunk.hpp"
#include "lmdb.hpp"
#include "manifest.hpp"
#include "millrace/engine/snapshot_store.hpp"
#include "snapshot_environment.hpp"

namespace millrace::persistence {

class lmdb_snapshot_store;

/// Writes one snapshot: pages into chunks, chunks in transactions of bounded size, the manifest last.
///
/// Until the manifest's transaction nothing of the old snapshot is touched; chunks without a manifest are garbage that
/// the next `begin` deletes. Thread: snapshot writer.
class lmdb_snapshot_writer final : public engine::snapshot_writer {
public:
  /// `base` is the manifest pages carry over from, or nullptr.
  lmdb_snapshot_writer(lmdb_snapshot_store& store, std::shared_ptr<snapshot_environment> environment,
                       std::shared_ptr<const manifest> base, epoch_id epoch, generation incarnation);
  lmdb_snapshot_writer(const lmdb_snapshot_writer&) = delete;
  lmdb_snapshot_writer& operator=(const lmdb_snapshot_writer&) = delete;
  ~lmdb_snapshot_writer() override { close(); }

  result<void> put_page(std::string_view task, std::uint32_t page, bytes_view content) override;
  result<void> set_page_count(std::string_view task, std::uint32_t pages) override;
  result<void> put_meta(std::string_view task, bytes_view content) override;
  result<void> commit(engine::ledger_entry entry) override;
  void abort() noexcept override { close(); }

  /// Ends the running transaction so that the store can write; a failure shows in the next call of the writer.
  void yield_environment();

private:
  struct task_draft {
    std::vector<content_ref> pages;  ///< those of the base, replaced as new ones are given
    std::vector<bool> given;
    std::optional<std::uint32_t> count;
    content_ref meta;
  };
  using draft = std::pair<const std::string, task_draft>;

  result<void> check_open() const;
  draft& mentioned(std::string_view task);
  void pack(draft& into, std::uint32_t page, bytes_view content);
  result<void> flush();
  result<content_ref> write_parts(const draft& of, std::uint32_t page, chunk_kind kind, bytes_view content);
  result<void> write_chunk(const chunk_head& head, bytes_view content);
  result<void> finish_transaction();

  result<void> commit_parts(engine::ledger_entry entry);
  result<void> settle_tasks();
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> live_weights() const;
  result<void> rewrite_sparse_chunks();
  result<void> rewrite(std::uint64_t chunk, lmdb::transaction& from);
  void settle_chunks();
  result<void> write_manifest(const ledger_map& ledger);
  result<void> resolve_failed_commit(error why);
  void close() noexcept;

  lmdb_snapshot_store& store_;
  std::shared_ptr<snapshot_environment> environment_;
  std::shared_ptr<const manifest> base_;
  std::shared_ptr<manifest> next_;
  std::uint64_t first_chunk_;
  std::map<std::string, task_draft, std::less<>> drafts_;
  chunk_builder open_chunk_;
  draft* open_task_ = nullptr;
  std::optional<lmdb::transaction> transaction_;
  std::uint64_t bytes_written_ = 0;
  bool is_open_ = true;
  bool is_broken_ = false;  ///< a chunk is missing: never commit
};

}  // namespace millrace::persistence
