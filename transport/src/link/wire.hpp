#pragma once

#include <cstddef>
#include <cstdint>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/ids.hpp"
#include "millrace/transport/frame_codec.hpp"

/// What goes over a link (docs/link-format.md): link messages, each one msgpack array, whose bodies together are a row
/// of items: frames, credit and messages.
namespace millrace::transport::link {

enum class message_kind : std::uint8_t {
  data,  ///< body: the next stretch of items
  ping,  ///< asks what has arrived; body: the name of who asks
  pong,  ///< the answer
  ack,   ///< everything before `number` has arrived
};

/// Everything before the body.
struct message_header {
  message_kind kind{};
  std::uint64_t from = 0;    ///< life of the sender's side of the link
  std::uint64_t to = 0;      ///< life of the receiver's side, as far as the sender knows it; 0: not at all
  std::uint64_t number = 0;  ///< data: its own; ping: that of the next data; pong, ack: that of the data wanted next
  std::uint64_t extra = 0;   ///< data: bytes when decompressed, 0: not compressed; ping, pong: id; ack: 1 after a gap
};

inline constexpr std::uint32_t link_magic = 0x4D6C6E6B;  // "Mlnk"
inline constexpr std::uint8_t link_version = 1;
/// Bytes before the body of a link message.
inline constexpr std::size_t message_header_bytes = 51;
/// A body is never larger: what a stranger's ZeroMQ frame can make a process allocate is bounded by it.
inline constexpr std::size_t message_body_bytes_max = std::size_t{1} << 20U;
inline constexpr std::size_t message_bytes_max = message_header_bytes + message_body_bytes_max;

enum class item_kind : std::uint8_t { frame, credit, message };

/// Bytes before the body of an item.
inline constexpr std::size_t item_prefix_bytes = 8;
inline constexpr std::size_t frame_item_bytes_max = frame_header_bytes + 5 + frame_body_bytes_max;
inline constexpr std::size_t control_item_bytes_max = std::size_t{8} << 20U;

/// Where a frame or credit belongs.
struct channel_address {
  topology_instance topology{};
  channel_id channel{};
  generation incarnation{};
  bool operator==(const channel_address&) const = default;
};

struct credit_item {
  channel_address address{};
  std::uint32_t batches = 0;
  std::uint64_t bytes = 0;
};
inline constexpr std::size_t credit_item_bytes = 38;

/// Writes `message_header_bytes` at `out`.
void write_message_header(std::byte* out, const message_header& header, std::uint32_t body_bytes) noexcept;
/// Error: what is wrong with the message. The body is everything behind the header.
[[nodiscard]] result<message_header> read_message_header(bytes_view message);

/// Writes `item_prefix_bytes` at `out`.
void write_item_prefix(std::byte* out, item_kind kind, std::uint32_t bytes) noexcept;

struct item_prefix {
  item_kind kind{};
  std::uint32_t bytes = 0;
};
/// `bytes` may go on behind the prefix. Error: it is none, or the item is larger than its kind may be.
[[nodiscard]] result<item_prefix> read_item_prefix(bytes_view bytes);

/// Writes `credit_item_bytes` at `out`.
void write_credit(std::byte* out, const credit_item& credit) noexcept;
[[nodiscard]] result<credit_item> read_credit(bytes_view item);

/// Where an encoded frame belongs; its checksum is not looked at.
[[nodiscard]] result<channel_address> read_frame_address(bytes_view frame);

}  // namespace millrace::transport::link
