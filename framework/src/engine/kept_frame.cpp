#include "millrace/engine/kept_frame.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "millrace/detail/block_size.hpp"
#include "millrace/record_type.hpp"

namespace millrace::engine {

namespace {

// A block's header, and what is lost to alignment.
constexpr std::size_t block_overhead = 16;
// Objects of batches with what their vectors and arenas point to from within.
constexpr std::size_t typed_object_bytes = 160;
constexpr std::size_t dynamic_object_bytes = 352;
// Of a dynamic batch's strings: the first piece of its arena, of which each is twice the one before, and the largest.
constexpr std::size_t arena_first = 1024;
constexpr std::size_t arena_piece = std::size_t{64} << 10;

/// Bytes from one record to the next.
std::size_t stride_of(const batch& b) {
  const auto fields = static_cast<std::uint32_t>(b.type().schema().fields.size());
  for (std::uint32_t i = 0; i < fields; ++i) {
    if (const auto c = b.type().column_of(b, i); c.stride != 0) return c.stride;
  }
  return b.size() == 0 ? 0 : (b.bytes() + b.size() - 1) / b.size();
}

std::size_t with_overhead(std::size_t bytes) {
  return bytes == 0 ? 0 : bytes + block_overhead;
}

/// Vectors that grew one by one.
std::size_t grown(std::size_t count, std::size_t each) {
  return with_overhead(std::bit_ceil(count) * each * (count == 0 ? 0 : 1));
}

std::uint64_t memory(const batch& b, std::size_t stride, std::size_t room, bool has_hashes) {
  const auto payload = stride * b.size();
  const auto outside = b.bytes() > payload ? b.bytes() - payload : 0;
  auto bytes = (has_hashes ? grown(b.key_hashes().size(), sizeof(std::uint64_t)) : 0) +
               grown(b.late_marks().size(), sizeof(late_mark));
  if (b.type().is_dynamic()) {
    bytes += dynamic_object_bytes + with_overhead(room * stride);
    if (outside != 0) bytes += arena_first + std::min(2 * outside, outside + arena_piece);
  } else {
    bytes += typed_object_bytes + with_overhead(detail::block_size(room * stride));
    // Many small pieces: the shortest string that is not kept in place has as much around it.
    bytes += 2 * outside;
  }
  return bytes;
}

batch_ptr copy_of(const batch& b) {
  const auto builder = b.type().make_builder(b.size());
  // Many at once: a call for each would cost more than the record.
  static constexpr auto rows = [] {
    std::array<std::uint32_t, 256> out{};
    std::iota(out.begin(), out.end(), 0U);
    return out;
  }();
  const auto few = std::min<std::size_t>(b.size(), rows.size());
  builder->append_rows(b, std::span{rows}.first(few));
  for (auto i = static_cast<std::uint32_t>(few); i < b.size(); ++i) builder->append_from(b, i);
  auto made = builder->finish();
  const auto marks = b.late_marks();
  if (!marks.empty()) batch_builder::mark_late(made, {marks.begin(), marks.end()});
  return made;
}

/// Who grows beyond its room doubles it.
std::size_t room_for(const batch& b, std::uint32_t room) {
  return b.size() <= room ? room : std::bit_ceil(b.size());
}

}  // namespace

std::uint64_t memory_of(const batch& b, std::uint32_t room) {
  return memory(b, stride_of(b), room_for(b, room), true);
}

kept_frame keep(frame f, std::uint32_t room) {
  constexpr std::uint64_t around = sizeof(kept_frame);
  if (!f.body) return {std::move(f), around};
  const auto stride = stride_of(*f.body);
  const auto whole = memory(*f.body, stride, room_for(*f.body, room), true);
  const auto alone = memory(*f.body, stride, f.body->size(), false);
  if (2 * alone > whole || f.body->size() == 0) return {std::move(f), around + whole};
  f.body = copy_of(*f.body);
  return {std::move(f), around + alone};
}

}  // namespace millrace::engine
