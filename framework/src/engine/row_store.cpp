#include "millrace/engine/row_store.hpp"

#include <algorithm>
#include <string>

namespace millrace::engine {

namespace {

constexpr std::size_t first_index_slots = 1024;
// Linear probing stays short (about 1.5 probes a hit) up to this fill.
constexpr bool is_crowded(std::size_t used, std::size_t slots) {
  return used * 5 >= slots * 3;
}

error damaged_page(std::uint32_t number, const char* what) {
  return fatal_error(errc::corrupt, "state page " + std::to_string(number) + ": " + what);
}

}  // namespace

row_store::row_store() : layout_{std::make_shared<row_layout>()} {}

row_store::~row_store() {
  for (auto& slot : pages_) slot.content->release();
}

row_id row_store::find(std::uint64_t hash, const key_bytes& key) const noexcept {
  if (index_.empty()) return no_row;
  const auto tag = tag_of(hash);
  for (auto at = tag & mask_;; at = (at + 1) & mask_) {
    const auto& slot = index_[at];
    if (slot.row == no_row) return no_row;
    if (slot.tag == tag && header_of(row(slot.row)).key == key) return slot.row;
  }
}

row_id row_store::prefetch_row(std::uint64_t hash) const noexcept {
  if (index_.empty()) return no_row;
  const auto tag = tag_of(hash);
  for (auto at = tag & mask_;; at = (at + 1) & mask_) {
    const auto& slot = index_[at];
    if (slot.row == no_row) return no_row;
    if (slot.tag == tag) {
      __builtin_prefetch(row(slot.row));
      return slot.row;
    }
  }
}

row_id row_store::find_or_create(std::uint64_t hash, const key_bytes& key) {
  if (const auto found = find(hash, key); found != no_row) return found;
  if (is_crowded(live_ + 1, index_.size())) grow_index();
  if (free_.empty()) add_page();
  const auto id = free_.back();
  free_.pop_back();
  layout_->construct_row(writable_row(id), key);
  tags_[id] = tag_of(hash);
  insert_index(tags_[id], id);
  ++live_;
  return id;
}

void row_store::erase(row_id id) {
  remove_index(id);
  layout_->destroy_row(writable_row(id));
  free_.push_back(id);
  --live_;
}

std::size_t row_store::bytes() const noexcept {
  return pages_.size() * row_page::rows * layout_->row_bytes() + index_.size() * sizeof(index_slot) +
         tags_.size() * sizeof(std::uint32_t);
}

frozen_rows row_store::freeze(unsigned environment, bool full) {
  const auto bit = static_cast<std::uint8_t>(1U << environment);
  frozen_rows out;
  out.page_count = static_cast<std::uint32_t>(pages_.size());
  for (std::uint32_t p = 0; p < pages_.size(); ++p) {
    auto& slot = pages_[p];
    if (!full && (slot.dirty & bit) == 0) continue;
    slot.dirty = static_cast<std::uint8_t>(slot.dirty & ~bit);
    slot.owned = false;
    out.pages.push_back({p, page_ref{slot.content}});
  }
  return out;
}

void row_store::thaw(unsigned environment, const std::vector<std::uint32_t>& pages) {
  for (const auto p : pages) pages_[p].dirty = static_cast<std::uint8_t>(pages_[p].dirty | (1U << environment));
}

result<void> row_store::load_page(std::uint32_t number, bytes_view encoded, const std::vector<std::size_t>& cell_map,
                                  std::uint64_t (*hash)(bytes_view) noexcept) {
  while (pages_.size() <= number) add_page();
  msgpack::reader in{encoded};
  std::uint32_t count = 0;
  if (!in.array(count) || count > row_page::rows) return damaged_page(number, "is no list of rows");
  for (std::uint32_t n = 0; n < count; ++n) {
    std::uint32_t fields = 0;
    std::uint32_t cells = 0;
    std::uint64_t place = 0;
    std::uint64_t present = 0;
    bytes_view raw;
    if (!in.array(fields) || fields != 4 || !in.integer(place) || place >= row_page::rows || !in.binary(raw) ||
        !in.integer(present) || !in.array(cells)) {
      return damaged_page(number, "has a damaged row");
    }
    const auto id = number * row_page::rows + static_cast<row_id>(place);
    const auto vacant = std::find(free_.rbegin(), free_.rend(), id);
    if (vacant == free_.rend()) return damaged_page(number, "holds a row twice");
    free_.erase(std::next(vacant).base());
    const key_bytes key{raw};
    auto* at = writable_row(id);
    layout_->construct_row(at, key);
    for (std::size_t c = 0; c < cell_map.size(); ++c) {
      if ((present >> c & 1U) == 0) continue;
      const auto& cell = layout_->cells()[cell_map[c]];
      if (!cell.ops.decode(in, at + cell.offset, cell.ops.units))
        return damaged_page(number, "has a value that cannot be read");
      header_of(at).present |= 1U << cell_map[c];
    }
    ++live_;
    if (is_crowded(live_, index_.size())) grow_index();
    tags_[id] = tag_of(hash(key.view()));
    insert_index(tags_[id], id);
  }
  return {};
}

void row_store::loaded_from(unsigned environment) {
  const auto other = static_cast<std::uint8_t>(all_dirty & ~(1U << environment));
  for (auto& slot : pages_) slot.dirty = other;
}

void row_store::own(page_slot& slot) {
  if (slot.content->is_shared()) {
    auto* copy = slot.content->clone();
    slot.content->release();
    slot.content = copy;
  }
  slot.owned = true;
}

void row_store::add_page() {
  const auto first = static_cast<row_id>(pages_.size()) * row_page::rows;
  pages_.push_back({new row_page(layout_), true, all_dirty});
  tags_.resize(tags_.size() + row_page::rows);
  for (row_id i = row_page::rows; i-- > 0;) free_.push_back(first + i);
}

void row_store::grow_index() {
  const auto slots = std::max(first_index_slots, index_.size() * 2);
  auto old = std::move(index_);
  index_.assign(slots, {0, no_row});
  mask_ = slots - 1;
  for (const auto& slot : old) {
    if (slot.row != no_row) insert_index(slot.tag, slot.row);
  }
}

void row_store::insert_index(std::uint32_t tag, row_id row) noexcept {
  auto at = tag & mask_;
  while (index_[at].row != no_row) at = (at + 1) & mask_;
  index_[at] = {tag, row};
}

void row_store::remove_index(row_id row) noexcept {
  auto hole = tags_[row] & mask_;
  while (index_[hole].row != row) hole = (hole + 1) & mask_;
  // Backward shift: what probed past the hole moves into it, so lookups need no tombstones.
  for (auto next = (hole + 1) & mask_; index_[next].row != no_row; next = (next + 1) & mask_) {
    const auto home = index_[next].tag & mask_;
    if (((next - home) & mask_) >= ((next - hole) & mask_)) {
      index_[hole] = index_[next];
      hole = next;
    }
  }
  index_[hole] = {0, no_row};
}

}  // namespace millrace::engine
