#include "millrace/engine/row_page.hpp"

#include <cassert>
#include <cstring>
#include <new>

namespace millrace::engine {

namespace {

std::size_t aligned(std::size_t at, std::size_t align) {
  return (at + align - 1) / align * align;
}

}  // namespace

std::size_t row_layout::add(std::string name, std::string type, cell_ops ops) {
  assert(cells_.size() < max_cells && "an actor declares more keyed states and timers than a row holds");
  assert(ops.align <= alignof(std::max_align_t));
  const auto offset = aligned(end_, ops.align);
  end_ = offset + ops.size;
  row_bytes_ = aligned(end_, alignof(row_header));
  trivial_ = trivial_ && ops.trivial;
  cells_.push_back({std::move(name), std::move(type), ops, offset});
  return cells_.size() - 1;
}

void row_layout::construct_row(std::byte* row, const key_bytes& key) const {
  new (row) row_header{key, 1, 0};
  for (const auto& c : cells_) c.ops.construct(row + c.offset, c.ops.units);
}

void row_layout::destroy_row(std::byte* row) const noexcept {
  if (!trivial_) {
    for (const auto& c : cells_) {
      if (!c.ops.trivial) c.ops.destroy(row + c.offset, c.ops.units);
    }
  }
  header_of(row).~row_header();
  new (row) row_header{};
}

void row_layout::copy_row(std::byte* to, const std::byte* from) const {
  new (to) row_header{header_of(from)};
  if (trivial_) {
    std::memcpy(to + sizeof(row_header), from + sizeof(row_header), row_bytes_ - sizeof(row_header));
    return;
  }
  for (const auto& c : cells_) {
    if (c.ops.trivial) {
      std::memcpy(to + c.offset, from + c.offset, c.ops.size);
    } else {
      c.ops.copy(to + c.offset, from + c.offset, c.ops.units);
    }
  }
}

row_page::row_page(std::shared_ptr<const row_layout> layout)
    : layout_{std::move(layout)}, data_{new std::byte[layout_->row_bytes() * rows]} {
  for (std::uint32_t i = 0; i < rows; ++i) new (row(i)) row_header{};
}

row_page::~row_page() {
  for (std::uint32_t i = 0; i < rows; ++i) {
    if (header_of(row(i)).live != 0) {
      layout_->destroy_row(row(i));
    } else {
      header_of(row(i)).~row_header();
    }
  }
}

row_page* row_page::clone() const {
  auto* copy = new row_page(layout_);
  for (std::uint32_t i = 0; i < rows; ++i) {
    if (header_of(row(i)).live != 0) layout_->copy_row(copy->row(i), row(i));
  }
  return copy;
}

void row_page::encode(msgpack::writer& out) const {
  std::uint32_t live = 0;
  for (std::uint32_t i = 0; i < rows; ++i) live += header_of(row(i)).live;
  out.array(live);
  for (std::uint32_t i = 0; i < rows; ++i) {
    const auto* at = row(i);
    const auto& head = header_of(at);
    if (head.live == 0) continue;
    out.array(4);
    out.integer(i);
    out.binary(head.key.view());
    out.integer(head.present);
    out.array(static_cast<std::uint32_t>(__builtin_popcount(head.present)));
    for (std::size_t c = 0; c < layout_->cells().size(); ++c) {
      const auto& cell = layout_->cells()[c];
      if ((head.present >> c & 1U) != 0) cell.ops.encode(out, at + cell.offset, cell.ops.units);
    }
  }
}

}  // namespace millrace::engine
