#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "millrace/engine/row_page.hpp"
#include "millrace/error.hpp"

namespace millrace::engine {

/// A row's place: page · 256 + row in page. Stable while the row lives.
using row_id = std::uint32_t;
inline constexpr row_id no_row = std::numeric_limits<row_id>::max();

/// What a barrier takes along: the pages that changed, immutable from now on.
struct frozen_rows {
  struct page {
    std::uint32_t number;
    page_ref content;
  };
  std::vector<page> pages;
  std::uint32_t page_count = 0;
};

/// Keyed state of one task that can be frozen in microseconds.
///
/// The problem: a snapshot of a million keys must not stop the actor that goes on changing them. Rows live in pages of
/// 256; `freeze` hands out references to the changed pages and the next write to such a page copies it first. A linear
/// probing index (32-bit tag, row id) finds a key's row; tags are the upper half of the key's hash, because the lower
/// one already decided the partition. Two dirty bits a page, one for each snapshot environment.
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

  [[nodiscard]] row_id find(std::uint64_t hash, const key_bytes& key) const noexcept;
  /// As above, trying the row `hint` names before the index.
  [[nodiscard]] row_id find(std::uint64_t hash, const key_bytes& key, row_id hint) const noexcept {
    if (hint != no_row) {
      const auto& head = header_of(row(hint));
      if (head.live != 0 && head.key == key) return hint;
    }
    return find(hash, key);
  }
  row_id find_or_create(std::uint64_t hash, const key_bytes& key);
  void erase(row_id id);

  [[nodiscard]] const std::byte* row(row_id id) const noexcept {
    return pages_[id / row_page::rows].content->row(id % row_page::rows);
  }
  /// A hash that finds the row's key in this store: its lower half, which only the partition depends on, is lost.
  [[nodiscard]] std::uint64_t hash_of(row_id id) const noexcept { return std::uint64_t{tags_[id]} << 32; }
  /// The row's first lines: what a visit of its windows reads.
  void prefetch(row_id id) const noexcept {
    const auto* at = row(id);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
    if (layout_->row_bytes() > 128) __builtin_prefetch(at + 128);
  }
  /// The row for writing: copies its page when a snapshot holds it, and marks it dirty.
  [[nodiscard]] std::byte* writable_row(row_id id) {
    auto& slot = pages_[id / row_page::rows];
    if (!slot.owned) own(slot);
    slot.dirty = all_dirty;
    return slot.content->row(id % row_page::rows);
  }

  /// First of two passes that hide memory latency over a batch: index, then row.
  void prefetch_index(std::uint64_t hash) const noexcept {
    if (!index_.empty()) __builtin_prefetch(&index_[tag_of(hash) & mask_]);
  }
  /// Also gives the row that is probably meant (same tag), or no_row: a hint for `find`.
  row_id prefetch_row(std::uint64_t hash) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return live_; }
  [[nodiscard]] std::size_t bytes() const noexcept;

  /// The pages that changed since `environment` last got them, or all of them when `full`; clears that dirty bit.
  [[nodiscard]] frozen_rows freeze(unsigned environment, bool full);
  /// The snapshot that took these pages came to nothing: they are dirty for `environment` again.
  void thaw(unsigned environment, const std::vector<std::uint32_t>& pages);
  /// Loads one encoded page of a snapshot; `cell_map[i]` is this layout's cell for the snapshot's cell i.
  [[nodiscard]] result<void> load_page(std::uint32_t number, bytes_view encoded,
                                       const std::vector<std::size_t>& cell_map,
                                       std::uint64_t (*hash)(bytes_view) noexcept);
  /// Everything loaded came from `environment`: pages are clean there and dirty for the other.
  void loaded_from(unsigned environment);

  template <class F>
  void for_each(F&& f) const {
    for (std::uint32_t p = 0; p < pages_.size(); ++p) {
      for (std::uint32_t r = 0; r < row_page::rows; ++r) {
        const auto* at = pages_[p].content->row(r);
        if (header_of(at).live != 0) f(p * row_page::rows + r, at);
      }
    }
  }

private:
  static constexpr std::uint8_t all_dirty = (1U << environments) - 1;
  struct index_slot {
    std::uint32_t tag;
    row_id row;
  };
  struct page_slot {
    row_page* content;
    bool owned;
    std::uint8_t dirty;
  };

  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
  }
  void own(page_slot& slot);
  void add_page();
  void grow_index();
  void insert_index(std::uint32_t tag, row_id row) noexcept;
  void remove_index(row_id row) noexcept;

  std::shared_ptr<row_layout> layout_;
  std::vector<page_slot> pages_;
  std::vector<row_id> free_;
  std::vector<index_slot> index_;
  std::vector<std::uint32_t> tags_;  // by row id: what `erase` needs to find the index slot
  std::size_t mask_ = 0;
  std::size_t live_ = 0;
};

}  // namespace millrace::engine
