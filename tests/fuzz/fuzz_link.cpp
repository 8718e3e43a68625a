// Feeds any bytes to what reads a link: whole link messages, and rows of data messages whose items are put together
// again. The first byte chooses; bodies get a good header, since few bytes of a fuzzer's would pass one.

#include <zmq.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "link/arrivals.hpp"
#include "link/packing.hpp"
#include "link/wire.hpp"

namespace {

using namespace millrace;
using namespace millrace::transport;

/// What an item's kind may have is checked before it is kept; what arrived is a part of what was fed.
struct counting_taker {
  std::size_t bytes = 0;

  result<void> operator()(link::item_kind kind, link::arrival item) {
    bytes += item.bytes.size();
    if (kind == link::item_kind::frame) {
      if (const auto at = link::read_frame_address(item.bytes); !at) return at.error();
    } else if (kind == link::item_kind::credit) {
      const auto credit = link::read_credit(item.bytes);
      if (!credit) return credit.error();
      byte_buffer again;
      link::write_credit(again.extend(link::credit_item_bytes), *credit);
      if (as_text(again.view()) != as_text(item.bytes)) std::abort();
    }
    return {};
  }
};

void read_message(bytes_view bytes) {
  const auto header = link::read_message_header(bytes);
  if (!header) return;
  byte_buffer again;
  const auto body = bytes.subspan(link::message_header_bytes);
  link::write_message_header(again.extend(link::message_header_bytes), *header, static_cast<std::uint32_t>(body.size()));
  again.append(body);
  if (as_text(again.view()) != as_text(bytes)) std::abort();
}

/// Bodies as the input cuts them: a byte says how long the next one is.
void assemble(bytes_view bytes) {
  link::item_assembler items;
  counting_taker taken;
  std::size_t fed = 0;
  while (!bytes.empty()) {
    const auto size = std::min(bytes.size() - 1, static_cast<std::size_t>(bytes[0]) * 2);
    auto owner = std::make_shared<byte_buffer>();
    owner->append(bytes.subspan(1, size));
    bytes = bytes.subspan(1 + size);
    fed += size;
    const auto view = owner->view();
    if (!items.feed(std::move(owner), view, std::ref(taken))) return;
    if (taken.bytes > fed) std::abort();
  }
}

void unpack(bytes_view bytes) {
  if (bytes.size() < 3) return;
  link::packer packer{false};
  byte_buffer room;
  // Claims from nothing to some MiB, right and wrong.
  const std::uint64_t claim = static_cast<std::uint64_t>(bytes[0]) << 13U | static_cast<std::uint64_t>(bytes[1]);
  const auto body = packer.unpack({.kind = link::message_kind::data, .from = 1, .extra = claim}, bytes.subspan(2), room);
  if (body && claim != 0 && body->size() != claim) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes_view bytes = std::as_bytes(std::span{data + 1, size - 1});
  switch (data[0] % 3) {
    case 0:
      read_message(bytes);
      break;
    case 1:
      assemble(bytes);
      break;
    default:
      unpack(bytes);
      break;
  }
  return 0;
}
