#include "millrace/engine/row_store.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "engine/row_store_paging.hpp"

namespace millrace::engine {

namespace {

constexpr std::size_t first_index_slots = 1024;
// Linear probing stays short (about 1.5 probes a hit) up to this fill.
constexpr bool is_crowded(std::size_t used, std::size_t slots) {
  return used * 5 >= slots * 3;
}
// So far below the limit above that the next few keys do not make it grow again.
constexpr bool is_sparse(std::size_t used, std::size_t slots) {
  return slots > first_index_slots && used * 8 < slots;
}

error damaged_page(std::uint32_t number, const char* what) {
  return fatal_error(errc::corrupt, "state page " + std::to_string(number) + ": " + what);
}

}  // namespace

result<void> frozen_rows::page::encode(byte_buffer& out) const {
  if (spilled != nullptr) return spilled->read(out);
  msgpack::writer w{out};
  if (content) {
    (*content).encode(w);
  } else {
    w.array(0);
  }
  return {};
}

row_store::row_store() : layout_{std::make_shared<row_layout>()} {}

row_store::~row_store() {
  for (auto& slot : pages_) {
    if (slot.content != nullptr) slot.content->release();
  }
}

row_id row_store::find(std::uint64_t hash, const key_bytes& key) {
  if (index_.empty()) return no_row;
  const auto tag = tag_of(hash);
  for (auto at = tag & mask_;; at = (at + 1) & mask_) {
    const auto& slot = index_[at];
    if (slot.row == no_row) return no_row;
    if (slot.tag != tag) continue;
    bring_in(slot.row / row_page::rows);
    if (header_of(row(slot.row)).key == key) return slot.row;
  }
}

row_id row_store::prefetch_row(std::uint64_t hash) const noexcept {
  if (index_.empty()) return no_row;
  const auto tag = tag_of(hash);
  for (auto at = tag & mask_;; at = (at + 1) & mask_) {
    const auto& slot = index_[at];
    if (slot.row == no_row) return no_row;
    if (slot.tag == tag) {
      if (const auto* there = resident_row(slot.row); there != nullptr) __builtin_prefetch(there);
      return slot.row;
    }
  }
}

row_id row_store::find_or_create(std::uint64_t hash, const key_bytes& key) {
  if (const auto found = find(hash, key); found != no_row) return found;
  if (is_crowded(live_ + 1, index_.size())) resize_index(std::max(first_index_slots, index_.size() * 2));
  const auto id = take_row();
  const auto page = id / row_page::rows;
  if (pages_[page].live == 0 && pages_[page].content == nullptr) {
    pages_[page].spilled.reset();
    pages_[page].content = new row_page(layout_);
    pages_[page].owned = true;
    if (is_paged()) make_room(page);
  } else {
    bring_in(page);
  }
  pages_[page].referenced = true;
  layout_->construct_row(writable_row(id), key);
  mark_used(id);
  tags_[id] = tag_of(hash);
  insert_index(tags_[id], id);
  if (is_paged()) written(id, 0);
  return id;
}

void row_store::erase(row_id id) {
  const auto page = id / row_page::rows;
  bring_in(page);
  remove_index(id);
  auto* at = writable_row(id);
  if (is_paged()) pages_[page].content->add_heap(-static_cast<std::ptrdiff_t>(layout_->heap_of(at)));
  layout_->destroy_row(at);
  const auto r = id % row_page::rows;
  used_[page][r / 64] &= ~(std::uint64_t{1} << r % 64);
  has_room_[page / 64] |= std::uint64_t{1} << page % 64;
  first_room_ = std::min<std::size_t>(first_room_, page / 64);
  if (--pages_[page].live == 0) emptied_.push_back(page);
  --live_;
}

const std::byte* row_store::live_row(row_id id) {
  const auto page = id / row_page::rows;
  const auto r = id % row_page::rows;
  if (page >= pages_.size() || (used_[page][r / 64] >> r % 64 & 1U) == 0) return nullptr;
  bring_in(page);
  return row(id);
}

std::size_t row_store::bytes() const noexcept {
  return layout_->memory() + pages_.size() * (sizeof(page_slot) + sizeof(row_bits)) +
         index_.size() * sizeof(index_slot) + tags_.size() * sizeof(std::uint32_t);
}

frozen_rows row_store::freeze(unsigned environment, bool full) {
  const auto bit = static_cast<std::uint8_t>(1U << environment);
  release_empty();
  frozen_rows out;
  out.in_flight = std::make_shared<int>();
  in_flight_ = out.in_flight;
  out.page_count = pages();
  // Trailing pages without rows are no part of a snapshot. Should one get rows again, it is dirty for both.
  while (out.page_count != 0 && pages_[out.page_count - 1].live == 0) pages_[--out.page_count].dirty = all_dirty;
  for (std::uint32_t p = 0; p < out.page_count; ++p) {
    auto& slot = pages_[p];
    if (!full && (slot.dirty & bit) == 0) continue;
    slot.dirty = static_cast<std::uint8_t>(slot.dirty & ~bit);
    if (slot.content != nullptr) {
      slot.owned = false;
      out.pages.push_back({p, page_ref{slot.content}, {}});
    } else {
      out.pages.push_back({p, {}, slot.spilled});
    }
  }
  return out;
}

void row_store::thaw(unsigned environment, const std::vector<std::uint32_t>& pages) {
  for (const auto p : pages) pages_[p].dirty = static_cast<std::uint8_t>(pages_[p].dirty | (1U << environment));
}

result<void> row_store::load_page(std::uint32_t number, bytes_view encoded, const std::vector<cell_source>& sources,
                                  std::uint64_t (*hash)(bytes_view) noexcept) {
  while (pages_.size() <= number) add_page();
  auto& slot = pages_[number];
  if (slot.live != 0) return damaged_page(number, "comes twice");
  if (slot.content == nullptr) slot.content = new row_page(layout_);
  slot.owned = true;
  msgpack::reader in{encoded};
  if (const auto* wrong = slot.content->decode(in, sources); wrong != nullptr) return damaged_page(number, wrong);
  while (is_crowded(live_ + row_page::rows, index_.size())) {
    resize_index(std::max(first_index_slots, index_.size() * 2));
  }
  // The places of all its rows in the index are fetched before the first is looked at.
  std::array<row_id, row_page::rows> ids{};
  std::size_t n = 0;
  for (std::uint32_t r = 0; r < row_page::rows; ++r) {
    const auto& head = header_of(slot.content->row(r));
    if (head.live == 0) continue;
    const auto id = number * row_page::rows + r;
    mark_used(id);
    tags_[id] = tag_of(hash(head.key.view()));
    __builtin_prefetch(&index_[tags_[id] & mask_], 1);
    ids[n++] = id;
    if (is_paged()) written(id, 0);
  }
  for (std::size_t i = 0; i < n; ++i) insert_index(tags_[ids[i]], ids[i]);
  if (slot.live == 0) emptied_.push_back(number);
  if (is_paged()) make_room(no_page);
  return {};
}

void row_store::loaded_from(unsigned environment) {
  const auto other = static_cast<std::uint8_t>(all_dirty & ~(1U << environment));
  for (auto& slot : pages_) slot.dirty = other;
}

void row_store::release_empty() {
  for (const auto p : emptied_) {
    auto& slot = pages_[p];
    if (slot.live != 0) continue;
    slot.spilled.reset();
    if (slot.content != nullptr) slot.content->release();
    slot.content = nullptr;
    slot.owned = false;
  }
  emptied_.clear();
  if (!is_sparse(live_, index_.size())) return;
  resize_index(std::max(first_index_slots, std::bit_ceil(live_ * 3)));
}

void row_store::own(page_slot& slot) {
  if (slot.content->is_shared()) {
    auto* copy = slot.content->clone();
    slot.content->release();
    slot.content = copy;
  }
  slot.spilled.reset();
  slot.owned = true;
}

/// The lowest free row, in a page that may have to be made or brought in.
row_id row_store::take_row() {
  while (first_room_ < has_room_.size() && has_room_[first_room_] == 0) ++first_room_;
  if (first_room_ == has_room_.size()) add_page();
  const auto page =
      static_cast<row_id>(first_room_ * 64 + static_cast<std::size_t>(std::countr_zero(has_room_[first_room_])));
  std::uint32_t word = 0;
  while (used_[page][word] == ~std::uint64_t{0}) ++word;
  return page * row_page::rows + word * 64 + static_cast<row_id>(std::countr_one(used_[page][word]));
}

void row_store::mark_used(row_id id) {
  const auto page = id / row_page::rows;
  const auto r = id % row_page::rows;
  used_[page][r / 64] |= std::uint64_t{1} << r % 64;
  ++live_;
  if (++pages_[page].live == row_page::rows) has_room_[page / 64] &= ~(std::uint64_t{1} << page % 64);
}

void row_store::add_page() {
  const auto page = pages();
  pages_.emplace_back();
  used_.push_back({});
  tags_.resize(tags_.size() + row_page::rows);
  if (page / 64 == has_room_.size()) has_room_.push_back(0);
  has_room_[page / 64] |= std::uint64_t{1} << page % 64;
  first_room_ = std::min<std::size_t>(first_room_, page / 64);
}

void row_store::resize_index(std::size_t slots) {
  const auto old = std::exchange(index_, std::vector<index_slot>(slots, {0, no_row}));
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
