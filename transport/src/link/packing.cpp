#include "link/packing.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace millrace::transport::link {
namespace {

/// The fastest of zstd's own levels: a link competes with memory speed.
constexpr int level = 1;

void add_copy(bytes_view body, message_header header, departures& to) {
  kept_message m;
  if (zmq_msg_init_size(m.raw(), message_header_bytes + body.size()) != 0) throw std::bad_alloc{};
  auto* const at = static_cast<std::byte*>(zmq_msg_data(m.raw()));
  header.number = to.next();
  write_message_header(at, header, static_cast<std::uint32_t>(body.size()));
  std::memcpy(at + message_header_bytes, body.data(), body.size());
  to.add(std::move(m));
}

}  // namespace

packer::packer(bool compresses) : compressor_{compresses ? ZSTD_createCCtx() : nullptr} {
  if (compresses && !compressor_) throw std::bad_alloc{};
}

void packer::pack(std::unique_ptr<block> b, message_header header, departures& to, link_statistics& figures) {
  const auto body = b->bytes.view().subspan(message_header_bytes);
  if (!compressor_ && body.size() <= message_body_bytes_max) {
    header.number = to.next();
    write_message_header(b->bytes.data(), header, static_cast<std::uint32_t>(body.size()));
    to.add(message_of(std::move(b)));
    return;
  }
  for (std::size_t at = 0; at < body.size(); at += message_body_bytes_max) {
    const auto piece = body.subspan(at, std::min(message_body_bytes_max, body.size() - at));
    if (compressor_) {
      add_compressed(piece, header, to, figures);
    } else {
      add_copy(piece, header, to);
    }
  }
}

/// What does not become smaller goes as it is.
void packer::add_compressed(bytes_view body, message_header header, departures& to, link_statistics& figures) {
  byte_buffer room;
  auto* const at = room.extend(body.size());
  const auto size = ZSTD_compressCCtx(compressor_.get(), at, body.size(), body.data(), body.size(), level);
  const bool is_smaller = ZSTD_isError(size) == 0 && size < body.size();
  figures.uncompressed_bytes_sent += body.size();
  figures.compressed_bytes_sent += is_smaller ? size : body.size();
  header.extra = is_smaller ? body.size() : 0;
  add_copy(is_smaller ? room.view().first(size) : body, header, to);
}

result<bytes_view> packer::unpack(const message_header& header, bytes_view body, byte_buffer& room) {
  if (header.extra == 0) return body;
  if (header.extra > message_body_bytes_max) {
    return fatal_error(errc::corrupt, "link message: says " + std::to_string(header.extra) +
                                          " bytes when decompressed, allowed are " +
                                          std::to_string(message_body_bytes_max));
  }
  if (!decompressor_) decompressor_.reset(ZSTD_createDCtx());
  if (!decompressor_) throw std::bad_alloc{};
  room.clear();
  auto* const at = room.extend(header.extra);
  const auto size = ZSTD_decompressDCtx(decompressor_.get(), at, header.extra, body.data(), body.size());
  if (ZSTD_isError(size) != 0 || size != header.extra) {
    return fatal_error(errc::corrupt, "link message: its body cannot be decompressed");
  }
  return room.view();
}

}  // namespace millrace::transport::link
