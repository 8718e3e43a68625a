#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "letter_file.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"
#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/error.hpp"
#include "millrace/msgpack.hpp"

/// Keys and values of the dead letter store's databases (see lmdb_dead_letter_store.hpp).
namespace millrace::persistence::letters {

using detail::load_big_endian;
using detail::store_big_endian;
using engine::letter_fix;
using engine::letter_id;
using engine::letter_state;

inline constexpr std::size_t head_bytes = 17;                    // checksum, count, running number and kind
inline constexpr std::size_t file_pack_bytes = head_bytes + 16;  // and offset, bytes, checksum of the block
inline constexpr std::string_view totals_key = "totals";

struct failure {
  error why;
};

template <class T>
T take(result<T>&& r) {
  if (!r) throw failure{std::move(r).error()};
  if constexpr (!std::is_void_v<T>) return std::move(r).value();
}

/// What was done with a letter.
struct mark {
  enum class what : std::uint8_t { nothing, requested, queued, discarded };
  what is = what::nothing;
  std::string target;  ///< queued: whose replay it is
  std::uint64_t sequence = 0;
  std::optional<letter_fix> fix;
};

// Blocks from here on lie in the letter file, where they take whole pages; smaller ones in LMDB.
inline constexpr std::size_t file_block_bytes = std::size_t{16} << 10;

enum class pack_kind : std::uint8_t { here, in_file };

struct pack_view {
  std::string task;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t arrival = 0;
  pack_kind kind = pack_kind::here;
  bytes_view block{};        ///< here
  std::uint64_t offset = 0;  ///< in the file
  std::uint32_t bytes = 0;
  std::uint32_t crc = 0;

  [[nodiscard]] file_place place() const noexcept { return {offset, engine::letter_pages::padded(bytes)}; }
  /// What it takes in the file.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return kind == pack_kind::here ? 0 : place().bytes; }
};

inline byte_buffer key_of(std::string_view task, std::uint64_t number) {
  byte_buffer key;
  key.append(as_bytes(task));
  key.push_back(std::byte{0});
  store_big_endian(key.extend(sizeof number), number);
  return key;
}
inline byte_buffer key_of(const letter_id& id) {
  return key_of(id.task, id.number);
}
inline letter_id id_of(bytes_view key) {
  const auto task = as_text(key.first(key.size() - 9));
  return {std::string{task}, load_big_endian<std::uint64_t>(key.data() + key.size() - 8)};
}
inline std::vector<std::byte> owned(bytes_view v) {
  return {v.begin(), v.end()};
}

inline bool is_of(bytes_view key, std::string_view task) {
  return key.size() == task.size() + 9 && as_text(key.first(task.size())) == task && key[task.size()] == std::byte{0};
}

inline std::uint32_t sum_of(bytes_view key, bytes_view value) {
  return crc32c(value.subspan(4), crc32c(key));
}

inline byte_buffer encode(const mark& m) {
  byte_buffer out;
  msgpack::writer w{out};
  w.array(m.fix ? 5 : 3);
  w.integer(static_cast<std::uint8_t>(m.is));
  w.string(m.target);
  w.integer(m.sequence);
  if (m.fix) {
    w.binary(as_bytes(m.fix->content));
    w.binary(m.fix->encoded);
  }
  return out;
}

inline mark decode_mark(bytes_view bytes) {
  msgpack::reader in{bytes};
  mark out;
  std::uint32_t n = 0;
  std::uint8_t is = 0;
  std::string_view target;
  if (!in.array(n) || (n != 3 && n != 5) || !in.integer(is) || is > 3 || !in.string(target) ||
      !in.integer(out.sequence)) {
    throw failure{fatal_error(errc::corrupt, "what was done with a dead letter cannot be read")};
  }
  out.is = static_cast<mark::what>(is);
  out.target = target;
  bytes_view content;
  bytes_view encoded;
  if (n == 5 && in.binary(content) && in.binary(encoded)) {
    out.fix = letter_fix{std::string{as_text(content)}, owned(encoded)};
  }
  return out;
}

}  // namespace millrace::persistence::letters
