#include "chunk.hpp"

#include <cstring>

#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"
#include "millrace/engine/store_limits.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::persistence {
namespace {

// Two integers of at most five bytes; id, epoch, key and array heads of the rest.
constexpr std::size_t slot_bytes_max = 10;
constexpr std::size_t head_bytes_max = 4 + 1 + 9 + 9 + 2 + engine::task_key_bytes_max + 1 + 5 + 20;
static_assert(head_bytes_max + slot_bytes_max + chunk_content_bytes_max <= chunk_bytes_max);

error damaged(const char* what) {
  return fatal_error(errc::corrupt, what);
}

bool read_slots(msgpack::reader& in, std::uint32_t numbers, chunk_head& head) {
  if (numbers % 2 != 0) return in.refuse();
  head.slots.resize(numbers / 2);
  for (auto& slot : head.slots) {
    if (!in.integer(slot.page) || !in.integer(slot.bytes)) return false;
  }
  return true;
}

bool read_part(msgpack::reader& in, std::uint32_t numbers, chunk_head& head) {
  if (numbers != 4) return in.refuse();
  auto& slot = head.slots.emplace_back();
  if (!in.integer(slot.page) || !in.integer(head.part) || !in.integer(head.parts) || !in.integer(slot.bytes)) {
    return false;
  }
  return head.part < head.parts || in.refuse();
}

bool read_head(msgpack::reader& in, chunk_head& head) {
  std::uint32_t fields = 0;
  std::uint32_t numbers = 0;
  std::uint8_t kind = 0;
  if (!in.array(fields) || fields != 5 || !in.integer(head.id) || !in.integer(head.epoch.value)) return false;
  if (!in.string(head.task) || head.task.size() > engine::task_key_bytes_max || !in.integer(kind) || kind > 2)
    return false;
  head.kind = static_cast<chunk_kind>(kind);
  if (!in.array(numbers)) return false;
  return head.kind == chunk_kind::pages ? read_slots(in, numbers, head) : read_part(in, numbers, head);
}

}  // namespace

bool chunk_builder::fits(std::size_t bytes) const noexcept {
  const auto directory = (slots_.size() + 1) * slot_bytes_max;
  return head_bytes_max + directory + content_.size() + bytes <= chunk_bytes_max;
}

void chunk_builder::add(std::uint32_t page, bytes_view content) {
  slots_.push_back({page, static_cast<std::uint32_t>(content.size())});
  content_.append(content);
}

void chunk_builder::clear() noexcept {
  slots_.clear();
  content_.clear();
}

byte_buffer encode_chunk_head(const chunk_head& head) {
  byte_buffer encoded;
  msgpack::writer out(encoded);
  out.array(5);
  out.integer(head.id);
  out.integer(head.epoch.value);
  out.string(head.task);
  out.integer(static_cast<std::uint8_t>(head.kind));
  if (head.kind == chunk_kind::pages) {
    out.array(static_cast<std::uint32_t>(head.slots.size() * 2));
    for (const auto& slot : head.slots) {
      out.integer(slot.page);
      out.integer(slot.bytes);
    }
  } else {
    out.array(4);
    out.integer(head.slots.front().page);
    out.integer(head.part);
    out.integer(head.parts);
    out.integer(head.slots.front().bytes);
  }
  return encoded;
}

std::uint32_t seal_chunk(std::byte* into, const byte_buffer& head, bytes_view content) noexcept {
  auto* const body = into + sizeof(std::uint32_t);
  std::memcpy(body, head.data(), head.size());
  if (!content.empty()) std::memcpy(body + head.size(), content.data(), content.size());
  const auto sum = crc32c({body, head.size() + content.size()});
  detail::store_big_endian(into, sum);
  return sum;
}

result<chunk_view> parse_chunk(bytes_view stored) {
  if (stored.size() <= sizeof(std::uint32_t) || stored.size() > chunk_bytes_max)
    return damaged("its size is impossible");
  const auto body = stored.subspan(sizeof(std::uint32_t));
  if (crc32c(body) != detail::load_big_endian<std::uint32_t>(stored.data())) return damaged("its checksum is wrong");
  msgpack::reader in(body);
  chunk_view chunk;
  if (!read_head(in, chunk.head)) return damaged("its header makes no sense");
  chunk.content = body.subspan(in.offset());
  std::uint64_t bytes = 0;
  for (const auto& slot : chunk.head.slots) bytes += slot.bytes;
  if (bytes != chunk.content.size()) return damaged("its lengths do not add up");
  return chunk;
}

}  // namespace millrace::persistence
