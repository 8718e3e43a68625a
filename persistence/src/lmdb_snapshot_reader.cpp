#include "lmdb_snapshot_reader.hpp"

#include <algorithm>

namespace millrace::persistence {

using engine::page_piece;
using lmdb::transaction;

result<std::unique_ptr<lmdb_snapshot_reader>> lmdb_snapshot_reader::open(
    std::shared_ptr<snapshot_environment> environment, epoch_id epoch) {
  auto begun = transaction::begin(environment->env(), transaction::mode::read);
  if (!begun) return std::move(begun).error();
  auto stored = environment->read_manifest(*begun);
  if (!stored) return std::move(stored).error();
  if (*stored == nullptr || (*stored)->epoch != epoch) {
    return user_error(errc::not_found, "the snapshot of epoch " + std::to_string(epoch.value) + " is no longer kept");
  }
  return std::unique_ptr<lmdb_snapshot_reader>(
      new lmdb_snapshot_reader(std::move(environment), std::move(begun).value(), std::move(stored).value()));
}

lmdb_snapshot_reader::lmdb_snapshot_reader(std::shared_ptr<snapshot_environment> environment, transaction transaction,
                                           std::shared_ptr<const manifest> manifest)
    : environment_(std::move(environment)),
      transaction_(std::move(transaction)),
      manifest_(std::move(manifest)),
      info_(manifest_->info(environment_->number())) {}

std::vector<std::string> lmdb_snapshot_reader::tasks() const {
  std::vector<std::string> keys;
  for (const auto& [key, task] : manifest_->tasks) keys.push_back(key);
  return keys;
}

result<std::vector<std::byte>> lmdb_snapshot_reader::meta(std::string_view task) {
  auto found = find(task);
  if (!found) return std::move(found).error();
  const auto& ref = (*found)->meta;
  if (ref.bytes == 0) return std::vector<std::byte>{};
  return read_parts(ref, task, chunk_kind::meta_part);
}

result<std::uint32_t> lmdb_snapshot_reader::page_count(std::string_view task) {
  auto found = find(task);
  if (!found) return std::move(found).error();
  return static_cast<std::uint32_t>((*found)->pages.size());
}

result<std::vector<page_piece>> lmdb_snapshot_reader::pieces(std::string_view task) {
  auto found = find(task);
  if (!found) return std::move(found).error();
  std::vector<std::uint64_t> chunks;
  for (const auto& page : (*found)->pages) chunks.push_back(page.chunk);
  std::ranges::sort(chunks);
  std::vector<page_piece> out;
  for (const auto chunk : chunks) {
    if (out.empty() || out.back().where != chunk) out.push_back({chunk, 0});
    ++out.back().pages;
  }
  return out;
}

result<void> lmdb_snapshot_reader::read(std::string_view task, const page_piece& piece, const page_visitor& visit) {
  auto found = find(task);
  if (!found) return std::move(found).error();
  const auto& of = **found;
  if (!manifest_->chunks.contains(piece.where)) return failure(piece.where, "the manifest does not know it");
  auto chunk = read_chunk(piece.where, task);
  if (!chunk) return std::move(chunk).error();
  auto visited = chunk->head.kind == chunk_kind::page_part ? visit_large(piece.where, *chunk, of, visit)
                                                           : visit_chunk(piece.where, *chunk, of, visit);
  if (!visited) return std::move(visited).error();
  if (*visited == piece.pages) return {};
  return failure(piece.where, "pages the manifest promises are not in it");
}

result<const manifest_task*> lmdb_snapshot_reader::find(std::string_view task) const {
  const auto found = manifest_->tasks.find(task);
  if (found != manifest_->tasks.end()) return &found->second;
  return user_error(errc::not_found, "the snapshot of epoch " + std::to_string(info_.epoch.value) + " has no task '" +
                                         std::string(task) + "'");
}

result<chunk_view> lmdb_snapshot_reader::read_chunk(std::uint64_t chunk, std::string_view task) {
  auto found = environment_->read_chunk(transaction_, {chunk, info_.epoch}, manifest_->chunks.at(chunk).sum);
  if (!found) return found;
  if (found->head.task != task) return failure(chunk, "it belongs to something else");
  return found;
}

result<std::vector<std::byte>> lmdb_snapshot_reader::read_parts(const content_ref& ref, std::string_view task,
                                                                chunk_kind kind) {
  std::vector<std::byte> content;
  content.reserve(ref.bytes);
  const auto parts = parts_of(ref.bytes);
  for (std::uint32_t part = 0; part < parts; ++part) {
    const auto chunk = ref.chunk + part;
    auto piece = read_chunk(chunk, task);
    if (!piece) return std::move(piece).error();
    if (piece->head.kind != kind) return failure(chunk, "it belongs to something else");
    if (piece->head.part != part || piece->head.parts != parts) return failure(chunk, "it is another part");
    content.insert(content.end(), piece->content.begin(), piece->content.end());
  }
  if (content.size() != ref.bytes) return failure(ref.chunk, "the parts do not have the length expected");
  return content;
}

result<std::uint32_t> lmdb_snapshot_reader::visit_large(std::uint64_t chunk, const chunk_view& first,
                                                        const manifest_task& of, const page_visitor& visit) {
  const auto page = first.head.slots.front().page;
  if (page >= of.pages.size() || of.pages[page].chunk != chunk) return failure(chunk, "it belongs to something else");
  auto content = read_parts(of.pages[page], first.head.task, chunk_kind::page_part);
  if (!content) return std::move(content).error();
  if (auto taken = visit(page, *content); !taken) return std::move(taken).error();
  return 1;
}

result<std::uint32_t> lmdb_snapshot_reader::visit_chunk(std::uint64_t chunk, const chunk_view& pages,
                                                        const manifest_task& of, const page_visitor& visit) {
  if (pages.head.kind != chunk_kind::pages) return failure(chunk, "it belongs to something else");
  std::uint32_t visited = 0;
  std::size_t offset = 0;
  for (const auto& slot : pages.head.slots) {
    const auto content = pages.content.subspan(offset, slot.bytes);
    offset += slot.bytes;
    // Slots whose page was written again later, or dropped, are dead.
    if (slot.page >= of.pages.size() || of.pages[slot.page].chunk != chunk) continue;
    if (of.pages[slot.page].bytes != slot.bytes) return failure(chunk, "a page does not have the length expected");
    if (auto taken = visit(slot.page, content); !taken) return std::move(taken).error();
    ++visited;
  }
  return visited;
}

}  // namespace millrace::persistence
