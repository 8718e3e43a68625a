#include "millrace/engine/snapshot_meta.hpp"

#include "engine/task_meta.hpp"

namespace millrace::engine {

namespace {

/// Reads up to a field.
bool skip_to(std::uint32_t field, msgpack::reader& in) {
  std::uint32_t n = 0;
  std::uint64_t format = 0;
  if (!in.array(n) || n != meta_fields || !in.integer(format) || format != meta_format) return false;
  for (std::uint32_t i = 1; i < field; ++i) {
    if (!in.skip()) return false;
  }
  return true;
}

}  // namespace

std::optional<byte_buffer> without_prepared_output(bytes_view meta) {
  msgpack::reader in{meta};
  if (!skip_to(meta_prepared, in)) return std::nullopt;
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

std::string log_topic(const std::string& actor) {
  return "producer/" + actor;
}

std::optional<log_offset> place_in_log(bytes_view meta) {
  msgpack::reader in{meta};
  if (!skip_to(meta_position, in)) return std::nullopt;
  log_offset out;
  if (in.take_nil()) return out;
  std::uint32_t n = 0;
  if (!in.array(n) || n < 2 || n > 3) return std::nullopt;
  if (n == 2) return out;
  if (!in.skip() || !in.skip() || !in.integer(out.value)) return std::nullopt;
  return out;
}

}  // namespace millrace::engine
