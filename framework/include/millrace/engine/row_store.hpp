#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "millrace/engine/page_spill.hpp"
#include "millrace/engine/row_page.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// A row's place: page · 256 + row in page. Stable while the row lives.
using row_id = std::uint32_t;
inline constexpr row_id no_row = std::numeric_limits<row_id>::max();

/// State cannot be reached (its disk fails): the task's failure, never that of the event being handled.
struct state_backend_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a barrier takes along: the pages that changed, immutable from now on.
struct frozen_rows {
  struct page {
    std::uint32_t number;
    page_ref content{};                             ///< in memory, or…
    std::shared_ptr<const spilled_page> spilled{};  ///< …in the task's spill; neither: a page without rows

    /// Appends the page as snapshots hold it. Thread: any.
    [[nodiscard]] result<void> encode(byte_buffer& out) const;
  };
  std::vector<page> pages;
  std::uint32_t page_count = 0;
  std::shared_ptr<void> in_flight{};  ///< lives until the snapshot is written or given up
};

/// Keyed state of one task that can be frozen in microseconds and may be larger than memory.
///
/// The problem: a snapshot of a million keys must not stop the actor that goes on changing them. Rows live in pages of
/// 256; `freeze` hands out references to the changed pages and the next write to such a page copies it first. A linear
/// probing index (32-bit tag, row id) finds a key's row; tags are the upper half of the key's hash, because the lower
/// one already decided the partition. Two dirty bits a page, one for each snapshot environment. Pages without rows hold
/// no memory; rows are taken from the lowest page that has room, so that the last ones become empty.
///
/// With `page_to` only as many pages as a limit allows are in memory; the others wait in a spill and come back when a
/// row of theirs is looked for (second chance replacement). The index stays in memory: 18 to 31 bytes a key.
/// A row may move out when another key is looked for: pointers to rows live until then.
/// Thread: owning actor; frozen pages: any.
class row_store {
public:
  static constexpr unsigned environments = 2;

  row_store();
  ~row_store();
  row_store(const row_store&) = delete;
  row_store& operator=(const row_store&) = delete;

  /// The layout may grow until the first row is made.
  [[nodiscard]] row_layout& layout() noexcept { return *layout_; }
  [[nodiscard]] const row_layout& layout() const noexcept { return *layout_; }

  /// Keeps about `memory_bytes` of pages in memory, those that snapshots in flight hold included; the rest goes to
  /// `spill`. Before the first row.
  void page_to(std::unique_ptr<page_spill> spill, std::size_t memory_bytes);
  [[nodiscard]] bool is_paged() const noexcept { return paging_ != nullptr; }

  /// Both finds throw `state_backend_failure` when a page cannot be read back.
  [[nodiscard]] row_id find(std::uint64_t hash, const key_bytes& key);
  /// As above, trying the row `hint` names before the index.
  [[nodiscard]] row_id find(std::uint64_t hash, const key_bytes& key, row_id hint) {
    if (hint != no_row) {
      if (const auto* at = resident_row(hint); at != nullptr && header_of(at).live != 0 && header_of(at).key == key) {
        pages_[hint / row_page::rows].referenced = true;
        return hint;
      }
    }
    return find(hash, key);
  }
  row_id find_or_create(std::uint64_t hash, const key_bytes& key);
  void erase(row_id id);

  /// A row that `find` gave, until another key is looked for.
  [[nodiscard]] const std::byte* row(row_id id) const noexcept {
    return pages_[id / row_page::rows].content->row(id % row_page::rows);
  }
  /// A hash that finds the row's key in this store: its lower half, which only the partition depends on, is lost.
  [[nodiscard]] std::uint64_t hash_of(row_id id) const noexcept { return std::uint64_t{tags_[id]} << 32; }
  /// The row's first lines: what a visit of its windows reads.
  void prefetch(row_id id) const noexcept {
    const auto* at = resident_row(id);
    if (at == nullptr) return;
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
    if (layout_->row_bytes() > 128) __builtin_prefetch(at + 128);
  }
  /// Any row, brought into memory; nullptr when nothing lives there (any more).
  [[nodiscard]] const std::byte* live_row(row_id id);
  /// The row for writing: copies its page when a snapshot holds it, and marks it dirty.
  [[nodiscard]] std::byte* writable_row(row_id id) {
    auto& slot = pages_[id / row_page::rows];
    if (!slot.owned) own(slot);
    slot.dirty = all_dirty;
    return slot.content->row(id % row_page::rows);
  }
  /// Paged stores only: the row was written and held `before` bytes outside of its page.
  void written(row_id id, std::size_t before);

  /// First of two passes that hide memory latency over a batch: index, then row.
  void prefetch_index(std::uint64_t hash) const noexcept {
    if (!index_.empty()) __builtin_prefetch(&index_[tag_of(hash) & mask_]);
  }
  /// Also gives the row that is probably meant (same tag), or no_row: a hint for `find`.
  row_id prefetch_row(std::uint64_t hash) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return live_; }
  /// Memory taken: pages (also those only snapshots hold), index and bookkeeping. What values hold outside of their
  /// rows counts in paged stores only.
  [[nodiscard]] std::size_t bytes() const noexcept;
  /// Bytes of pages that wait in the spill.
  [[nodiscard]] std::uint64_t spilled_bytes() const noexcept;
  [[nodiscard]] std::uint64_t faults() const noexcept;
  [[nodiscard]] std::uint64_t evictions() const noexcept;

  /// The pages that changed since `environment` last got them, or all of them when `full`; clears that dirty bit.
  [[nodiscard]] frozen_rows freeze(unsigned environment, bool full);
  /// The snapshot that took these pages came to nothing: they are dirty for `environment` again.
  void thaw(unsigned environment, const std::vector<std::uint32_t>& pages);
  /// Loads one encoded page of a snapshot; `sources[i]` says where the snapshot's cell i goes.
  [[nodiscard]] result<void> load_page(std::uint32_t number, bytes_view encoded,
                                       const std::vector<cell_source>& sources,
                                       std::uint64_t (*hash)(bytes_view) noexcept);
  /// Everything loaded came from `environment`: pages are clean there and dirty for the other.
  void loaded_from(unsigned environment);

  /// Gives back the memory of pages whose last row went, and of an index that became too large.
  void release_empty();

  [[nodiscard]] std::uint32_t pages() const noexcept { return static_cast<std::uint32_t>(pages_.size()); }
  /// Calls `f(row_id, row)` for the live rows of one page, which stays in memory meanwhile.
  template <class F>
  void for_each_in(std::uint32_t page, F&& f) {
    if (page >= pages_.size() || pages_[page].live == 0) return;
    const auto outer = pinned_;
    bring_in(page);
    pinned_ = page;
    for (std::uint32_t r = 0; r < row_page::rows; ++r) {
      if ((used_[page][r / 64] >> r % 64 & 1U) != 0) f(page * row_page::rows + r, pages_[page].content->row(r));
    }
    pinned_ = outer;
  }
  template <class F>
  void for_each(F&& f) {
    for (std::uint32_t p = 0; p < pages(); ++p) {
      for_each_in(p, [&](row_id id, std::byte* at) { f(id, static_cast<const std::byte*>(at)); });
    }
  }

private:
  static constexpr std::uint8_t all_dirty = (1U << environments) - 1;
  static constexpr std::uint32_t no_page = std::numeric_limits<std::uint32_t>::max();
  struct index_slot {
    std::uint32_t tag;
    row_id row;
  };
  struct page_slot {
    row_page* content = nullptr;  ///< nullptr: no rows, or in the spill
    std::shared_ptr<const spilled_page> spilled{};
    std::uint16_t live = 0;
    bool owned = false;
    std::uint8_t dirty = all_dirty;
    bool referenced = false;
  };
  using row_bits = std::array<std::uint64_t, row_page::rows / 64>;
  struct paging;

  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
  }
  [[nodiscard]] const std::byte* resident_row(row_id id) const noexcept {
    const auto* page = pages_[id / row_page::rows].content;
    return page == nullptr ? nullptr : page->row(id % row_page::rows);
  }
  void bring_in(std::uint32_t page) {
    if (pages_[page].content == nullptr) fault(page);
    pages_[page].referenced = true;
  }
  void own(page_slot& slot);
  [[nodiscard]] row_id take_row();
  void mark_used(row_id id);
  void add_page();
  void resize_index(std::size_t slots);
  void insert_index(std::uint32_t tag, row_id row) noexcept;
  void remove_index(row_id row) noexcept;

  // row_store_paging.cpp
  void fault(std::uint32_t page);
  void make_room(std::uint32_t keep);
  [[nodiscard]] std::vector<std::uint32_t> pick_victims(std::uint32_t keep);
  void evict(const std::vector<std::uint32_t>& victims);
  void erase_dead();

  std::shared_ptr<row_layout> layout_;
  std::vector<page_slot> pages_;
  std::vector<row_bits> used_;           // by page: rows that live
  std::vector<std::uint64_t> has_room_;  // one bit a page
  std::size_t first_room_ = 0;           // no word of has_room_ before this one has a bit
  std::vector<std::uint32_t> emptied_;   // pages that may hold memory without rows
  std::vector<index_slot> index_;
  std::vector<std::uint32_t> tags_;  // by row id: what `erase` needs to find the index slot
  std::size_t mask_ = 0;
  std::size_t live_ = 0;
  std::uint32_t pinned_ = no_page;
  std::weak_ptr<void> in_flight_;
  std::unique_ptr<paging> paging_;
};

}  // namespace millrace::engine
