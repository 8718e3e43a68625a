#include "millrace/engine/row_page.hpp"

#include <bitset>
#include <cassert>
#include <cstring>
#include <new>

namespace millrace::engine {

namespace {

std::size_t aligned(std::size_t at, std::size_t align) {
  return (at + align - 1) / align * align;
}

}  // namespace

std::size_t row_layout::add(std::string name, std::string type, cell_ops ops, std::vector<state_migration> migrations) {
  assert(cells_.size() < max_cells && "an actor declares more keyed states and timers than a row holds");
  assert(ops.align <= alignof(std::max_align_t));
  const auto offset = aligned(end_, ops.align);
  end_ = offset + ops.size;
  row_bytes_ = aligned(end_, alignof(row_header));
  trivial_ = trivial_ && ops.trivial;
  cells_.push_back({std::move(name), std::move(type), ops, offset, std::move(migrations)});
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

std::size_t row_layout::heap_of(const std::byte* row) const noexcept {
  auto sum = header_of(row).key.heap_bytes();
  if (trivial_) return sum;
  for (const auto& c : cells_) {
    if (c.ops.heap != nullptr) sum += c.ops.heap(row + c.offset);
  }
  return sum;
}

row_page::row_page(std::shared_ptr<const row_layout> layout)
    : layout_{std::move(layout)}, data_{new std::byte[layout_->row_bytes() * rows]} {
  for (std::uint32_t i = 0; i < rows; ++i) new (row(i)) row_header{};
  layout_->add_memory(static_cast<std::ptrdiff_t>(memory()));
}

row_page::~row_page() {
  layout_->add_memory(-static_cast<std::ptrdiff_t>(memory()));
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
  copy->add_heap(static_cast<std::ptrdiff_t>(heap_));
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

const char* row_page::decode(msgpack::reader& in, const std::vector<cell_source>& sources) {
  std::uint32_t count = 0;
  std::bitset<rows> seen;
  if (!in.array(count) || count > rows) return "is no list of rows";
  for (; count != 0; --count) {
    std::uint32_t fields = 0;
    std::uint32_t cells = 0;
    std::uint64_t place = 0;
    std::uint64_t present = 0;
    bytes_view key;
    if (!in.array(fields) || fields != 4 || !in.integer(place) || place >= rows || !in.binary(key) ||
        !in.integer(present) || !in.array(cells)) {
      return "has a damaged row";
    }
    auto* at = row(static_cast<std::uint32_t>(place));
    if (seen[place]) return "holds a row twice";
    seen[place] = true;
    layout_->construct_row(at, key_bytes{key});
    for (std::size_t c = 0; c < sources.size(); ++c) {
      if ((present >> c & 1U) == 0) continue;
      const auto& source = sources[c];
      if (source.cell == cell_source::dropped) {
        if (!in.skip()) return "has a value that cannot be read";
        continue;
      }
      const auto& to = layout_->cells()[source.cell];
      const bool ok =
          source.decode ? source.decode(in, at + to.offset) : to.ops.decode(in, at + to.offset, to.ops.units);
      if (!ok) return "has a value that cannot be read";
      header_of(at).present |= 1U << source.cell;
    }
    if (header_of(at).present == 0) layout_->destroy_row(at);  // all it had was dropped
  }
  return nullptr;
}

}  // namespace millrace::engine
