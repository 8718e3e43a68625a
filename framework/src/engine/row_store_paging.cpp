#include "engine/row_store_paging.hpp"

#include <algorithm>
#include <string>

#include "millrace/check.hpp"

namespace millrace::engine {

namespace {

// Pages that leave together, in one write: enough to be worth it, few against those that stay.
constexpr std::size_t victims_max = 32;
constexpr std::size_t victims_share = 8;

[[noreturn]] void give_up(const error& why) {
  throw state_backend_failure{"keyed state that waits on disk cannot be reached: " + why.message};
}

}  // namespace

void row_store::page_to(std::unique_ptr<page_spill> spill, std::size_t memory_bytes) {
  paging_ = std::make_unique<paging>();
  paging_->spill = std::make_shared<shared_spill>(std::move(spill));
  paging_->limit_bytes = memory_bytes;
  // The rest is for what changes while a snapshot holds the pages it is written from.
  paging_->own_bytes = memory_bytes / 4 * 3;
}

void row_store::written(row_id id, std::size_t before) {
  const auto change = static_cast<std::ptrdiff_t>(layout_->heap_of(row(id))) - static_cast<std::ptrdiff_t>(before);
  if (change == 0) return;
  const auto page = id / row_page::rows;
  pages_[page].content->add_heap(change);
  if (change > 0) make_room(page);
}

std::uint64_t row_store::spilled_bytes() const noexcept {
  return is_paged() ? paging_->spill->pages().bytes() : 0;
}
std::uint64_t row_store::faults() const noexcept {
  return is_paged() ? paging_->faults : 0;
}
std::uint64_t row_store::evictions() const noexcept {
  return is_paged() ? paging_->evictions : 0;
}

void row_store::fault(std::uint32_t page) {
  auto& slot = pages_[page];
  MILLRACE_CHECK(slot.spilled != nullptr, "a page with rows is neither in memory nor in the spill");
  auto& p = *paging_;
  ++p.faults;
  p.scratch.clear();
  if (auto ok = slot.spilled->read(p.scratch); !ok) give_up(ok.error());
  if (p.all_cells.empty()) {
    for (std::size_t i = 0; i < layout_->cells().size(); ++i) p.all_cells.emplace_back(i);
  }
  auto* made = new row_page(layout_);
  msgpack::reader in{p.scratch.view()};
  if (const auto* wrong = made->decode(in, p.all_cells); wrong != nullptr) {
    made->release();
    give_up(fatal_error(errc::corrupt, "page " + std::to_string(page) + " " + wrong));
  }
  std::size_t heap = 0;
  for (std::uint32_t r = 0; r < row_page::rows; ++r) {
    if (header_of(made->row(r)).live != 0) heap += layout_->heap_of(made->row(r));
  }
  made->add_heap(static_cast<std::ptrdiff_t>(heap));
  slot.content = made;
  slot.owned = false;  // the first write makes the spilled version stale
  make_room(page);
}

/// Second chance: a page that was used since the hand last passed stays. Pages that a snapshot holds stay too, since
/// letting go of them would free nothing.
std::vector<std::uint32_t> row_store::pick_victims(std::uint32_t keep) {
  std::vector<std::uint32_t> out;
  auto& p = *paging_;
  const auto resident = layout_->memory() / (layout_->row_bytes() * row_page::rows);
  const auto wanted = std::clamp<std::size_t>(resident / victims_share, 1, victims_max);
  for (std::size_t looked = 0; looked < 2 * pages_.size() && out.size() < wanted; ++looked) {
    p.hand = p.hand + 1 < pages_.size() ? p.hand + 1 : 0;
    auto& slot = pages_[p.hand];
    if (slot.content == nullptr || p.hand == keep || p.hand == pinned_ || slot.content->is_shared()) continue;
    if (std::exchange(slot.referenced, false)) continue;
    if (std::find(out.begin(), out.end(), p.hand) == out.end()) out.push_back(p.hand);
  }
  return out;
}

void row_store::make_room(std::uint32_t keep) {
  const auto limit = in_flight_.expired() ? paging_->own_bytes : paging_->limit_bytes;
  while (layout_->memory() > limit) {
    const auto victims = pick_victims(keep);
    if (victims.empty()) return;  // all of it is held by a snapshot: its writer gives pages back one by one
    evict(victims);
  }
}

void row_store::evict(const std::vector<std::uint32_t>& victims) {
  auto& p = *paging_;
  std::vector<byte_buffer> encoded;
  std::vector<std::pair<std::uint32_t, page_spill::entry>> moving;
  encoded.reserve(victims.size());
  for (const auto v : victims) {
    if (pages_[v].spilled != nullptr || pages_[v].live == 0) continue;
    msgpack::writer out{encoded.emplace_back()};
    pages_[v].content->encode(out);
    moving.push_back({v, {p.next_place++, encoded.back().view()}});
  }
  erase_dead();
  std::vector<page_spill::entry> entries;
  for (const auto& [page, entry] : moving) entries.push_back(entry);
  if (!entries.empty()) {
    if (auto ok = p.spill->pages().put(entries); !ok) give_up(ok.error());
  }
  for (const auto& [page, entry] : moving) {
    pages_[page].spilled = std::make_shared<const spilled_page>(p.spill, entry.place);
  }
  for (const auto v : victims) {
    ++p.evictions;
    pages_[v].content->release();
    pages_[v].content = nullptr;
    pages_[v].owned = false;
  }
}

void row_store::erase_dead() {
  const auto dead = paging_->spill->take_dead();
  if (dead.empty()) return;
  if (auto ok = paging_->spill->pages().erase(dead); !ok) give_up(ok.error());
}

}  // namespace millrace::engine
