#pragma once

#include <zstd.h>

#include <memory>
#include <vector>

#include "link/departures.hpp"
#include "link/outbox.hpp"
#include "link/wire.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::transport::link {

/// Makes data messages of blocks: writes the header, cuts what is too large, compresses. Thread: hub.
class packer {
public:
  explicit packer(bool compresses);

  /// Adds the block's messages to `to`, with their numbers.
  void pack(std::unique_ptr<block> b, message_header header, departures& to, link_statistics& figures);
  /// The body of a data message, decompressed into `room` when it must be. Error: it is not what the header says.
  [[nodiscard]] result<bytes_view> unpack(const message_header& header, bytes_view body, byte_buffer& room);

private:
  struct free_compressor {
    void operator()(ZSTD_CCtx* c) const noexcept { ZSTD_freeCCtx(c); }
  };
  struct free_decompressor {
    void operator()(ZSTD_DCtx* c) const noexcept { ZSTD_freeDCtx(c); }
  };
  void add_compressed(bytes_view body, message_header header, departures& to, link_statistics& figures);

  std::unique_ptr<ZSTD_CCtx, free_compressor> compressor_;
  std::unique_ptr<ZSTD_DCtx, free_decompressor> decompressor_;
};

}  // namespace millrace::transport::link
