#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "millrace/batch.hpp"
#include "millrace/bytes.hpp"
#include "millrace/engine/frame.hpp"
#include "millrace/error.hpp"
#include "millrace/ids.hpp"

namespace millrace::transport {

/// Identity of one deployment of a topology: frames of another one are refused.
using topology_instance = strong_id<struct topology_instance_tag>;

/// How the records of a frame travel.
enum class payload_mode {
  shared,   ///< the 8-byte pointer of an immutable batch; inside a process only
  encoded,  ///< msgpack bytes under a CRC32C; anywhere
};

// A frame is one msgpack array of 15 elements, in this order and with exactly these msgpack formats:
//
//   magic u32 · version u8 · kind u8 · topology u64 · channel u32 · source u32 · target u32 · generation u64 · epoch
//   u64 · first sequence u64 · count u32 · watermark i64 · ingest_ns i64 · crc32c u32 · body
//
// Formats are of fixed width, so that each field has a fixed place: writing a header is a row of stores, and a decoder
// that insists on each format byte accepts exactly one spelling of a frame. The body is nil (no records), bin32
// (encoded records), or ext 1 with the pointers of a batch and of what is traced in it (shared). The checksum covers
// the whole frame with its own field as 0; shared frames carry 0. Key hashes do not travel: whoever decodes recomputes
// them.

inline constexpr std::uint32_t frame_magic = 0x4D696C6C;  // "Mill"
inline constexpr std::uint8_t frame_version = 2;
/// Bytes before the body.
inline constexpr std::size_t frame_header_bytes = 89;
/// Bytes of a shared data frame: header, ext marker, ext type, two pointers.
inline constexpr std::size_t shared_frame_bytes = frame_header_bytes + 2 + 2 * sizeof(void*);
/// More records than a sender puts into one frame; refused before anything is allocated.
inline constexpr std::uint32_t frame_records_max = 1U << 16U;
/// More bytes than the credit of a channel; refused before anything is allocated.
inline constexpr std::size_t frame_body_bytes_max = std::size_t{64} << 20U;

/// Writes `f`, its records encoded as `type`, into `out`, which is cleared first. The batch must be of that type and
/// have `count` records. Thread: any.
void encode_frame(const engine::frame& f, topology_instance topology, const record_type& type, byte_buffer& out);
/// The same behind what `out` holds already.
void append_frame(const engine::frame& f, topology_instance topology, const record_type& type, byte_buffer& out);

/// Reads what `encode_frame` wrote into `out`; trusts nothing about `bytes` and never throws.
///
/// `corrupt`, `parse_error` (another version), `fenced` (another topology) and `limit_exceeded` name the field that is
/// wrong. A frame that refers to a batch by pointer is refused. On failure `out` is unspecified. Thread: any.
[[nodiscard]] result<void> decode_frame(bytes_view bytes, topology_instance topology, const record_type& type,
                                        engine::frame& out);

/// Writes `f` into `out` and moves the reference to its batch into the bytes: they own it from now on, until
/// `take_shared_frame` or `drop_shared_frame`. Returns the number of bytes used. Thread: any.
[[nodiscard]] std::size_t write_shared_frame(engine::frame&& f, topology_instance topology,
                                             std::span<std::byte, shared_frame_bytes> out) noexcept;

/// Reads what `write_shared_frame` wrote, in the same process, and takes the reference out of the bytes, so that a
/// later `drop_shared_frame` finds none. The header is checked like an encoded one. Thread: any, one at a time.
[[nodiscard]] result<void> take_shared_frame(std::span<std::byte> bytes, topology_instance topology,
                                             engine::frame& out);

/// Gives up the reference the bytes still own, if any. Thread: any.
void drop_shared_frame(std::span<std::byte, shared_frame_bytes> bytes) noexcept;

}  // namespace millrace::transport
