#pragma once

#include <memory>

#include "millrace/engine/snapshot_store.hpp"
#include "snapshot_environment.hpp"

namespace millrace::persistence {

/// Reads a snapshot inside one LMDB read transaction, straight from the map.
///
/// Keeps its environment, and while it lives, the pages of later dropped chunks. A piece is a chunk, or the first of
/// those that hold one large page. Thread: any, one at a time.
class lmdb_snapshot_reader final : public engine::snapshot_reader {
public:
  /// errc::not_found when the environment holds another epoch by now.
  static result<std::unique_ptr<lmdb_snapshot_reader>> open(std::shared_ptr<snapshot_environment> environment,
                                                            epoch_id epoch);

  [[nodiscard]] const engine::snapshot_info& info() const override { return info_; }
  [[nodiscard]] std::vector<std::string> tasks() const override;
  result<std::vector<std::byte>> meta(std::string_view task) override;
  result<std::uint32_t> page_count(std::string_view task) override;
  result<std::vector<engine::page_piece>> pieces(std::string_view task) override;
  result<void> read(std::string_view task, const engine::page_piece& piece, const page_visitor& visit) override;

private:
  lmdb_snapshot_reader(std::shared_ptr<snapshot_environment> environment, lmdb::transaction transaction,
                       std::shared_ptr<const manifest> manifest);

  result<const manifest_task*> find(std::string_view task) const;
  result<chunk_view> read_chunk(std::uint64_t chunk, std::string_view task);
  result<std::vector<std::byte>> read_parts(const content_ref& ref, std::string_view task, chunk_kind kind);
  result<std::uint32_t> visit_large(std::uint64_t chunk, const chunk_view& first, const manifest_task& of,
                                    const page_visitor& visit);
  result<std::uint32_t> visit_chunk(std::uint64_t chunk, const chunk_view& pages, const manifest_task& of,
                                    const page_visitor& visit);
  error failure(std::uint64_t chunk, std::string_view why) {
    return environment_->chunk_failure({chunk, info_.epoch}, why);
  }

  std::shared_ptr<snapshot_environment> environment_;
  lmdb::transaction transaction_;
  std::shared_ptr<const manifest> manifest_;
  engine::snapshot_info info_;
};

}  // namespace millrace::persistence
