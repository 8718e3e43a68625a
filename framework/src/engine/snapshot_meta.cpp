#include "millrace/engine/snapshot_meta.hpp"

#include "millrace/msgpack/reader.hpp"
#include "millrace/msgpack/writer.hpp"

namespace millrace::engine {

namespace {

// As `task::encode_meta` writes it.
constexpr std::uint64_t format_known = 4;
constexpr std::uint32_t fields = 16;
constexpr std::uint32_t before_prepared = 13;

}  // namespace

std::optional<byte_buffer> without_prepared_output(bytes_view meta) {
  msgpack::reader in{meta};
  std::uint32_t n = 0;
  std::uint64_t format = 0;
  if (!in.array(n) || n != fields || !in.integer(format) || format != format_known) return std::nullopt;
  for (std::uint32_t i = 1; i < before_prepared; ++i) {
    if (!in.skip()) return std::nullopt;
  }
  const auto first = in.offset();
  if (!in.skip()) return std::nullopt;
  const auto behind = in.offset();
  byte_buffer out;
  out.append(meta.first(first));
  msgpack::writer none{out};
  none.array(0);
  out.append(meta.subspan(behind));
  return out;
}

}  // namespace millrace::engine
