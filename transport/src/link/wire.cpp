#include "link/wire.hpp"

#include <string>

#include "frame_header.hpp"

namespace millrace::transport::link {
namespace {

constexpr std::uint8_t array_of_5 = 0x95;
constexpr std::uint8_t array_of_8 = 0x98;

error malformed(const std::string& what) {
  return fatal_error(errc::corrupt, "link message: " + what);
}

}  // namespace

void write_message_header(std::byte* out, const message_header& h, std::uint32_t body_bytes) noexcept {
  wire::field_writer w{out};
  w.byte(array_of_8);
  w.field(link_magic);
  w.field(link_version);
  w.field(static_cast<std::uint8_t>(h.kind));
  w.field(h.from);
  w.field(h.to);
  w.field(h.number);
  w.field(h.extra);
  w.byte(wire::bin32);
  w.raw(wire::big_endian(body_bytes));
}

result<message_header> read_message_header(bytes_view message) {
  if (message.size() < message_header_bytes) return malformed("is shorter than its header");
  wire::field_reader r{message.data()};
  r.byte(array_of_8, "array");
  const auto magic = r.field<std::uint32_t>("magic");
  const auto version = r.field<std::uint8_t>("version");
  const auto kind = r.field<std::uint8_t>("kind");
  message_header h;
  h.from = r.field<std::uint64_t>("from");
  h.to = r.field<std::uint64_t>("to");
  h.number = r.field<std::uint64_t>("number");
  h.extra = r.field<std::uint64_t>("extra");
  r.byte(wire::bin32, "body");
  const std::size_t body_bytes = wire::big_endian(r.raw<std::uint32_t>());
  if (r.wrong() != nullptr) return malformed(std::string{"field '"} + r.wrong() + "' has a wrong msgpack format");
  if (magic != link_magic) return malformed("does not come from a link of Millrace");
  if (version != link_version) {
    return malformed("is of version " + std::to_string(version) + ", this program speaks " +
                     std::to_string(link_version) + ": run one release on all nodes");
  }
  if (kind > static_cast<std::uint8_t>(message_kind::ack)) return malformed("unknown kind " + std::to_string(kind));
  h.kind = static_cast<message_kind>(kind);
  if (body_bytes != message.size() - message_header_bytes || body_bytes > message_body_bytes_max) {
    return malformed("its body says " + std::to_string(body_bytes) + " bytes, it has " +
                     std::to_string(message.size() - message_header_bytes));
  }
  if (h.from == 0) return malformed("its sender does not say which life it is in");
  return h;
}

void write_item_prefix(std::byte* out, item_kind kind, std::uint32_t bytes) noexcept {
  wire::field_writer w{out};
  w.byte(wire::array_of_2);
  w.field(static_cast<std::uint8_t>(kind));
  w.byte(wire::bin32);
  w.raw(wire::big_endian(bytes));
}

result<item_prefix> read_item_prefix(bytes_view bytes) {
  if (bytes.size() < item_prefix_bytes) return malformed("ends within the start of an item");
  wire::field_reader r{bytes.data()};
  r.byte(wire::array_of_2, "item");
  const auto kind = r.field<std::uint8_t>("item kind");
  r.byte(wire::bin32, "item body");
  const auto size = wire::big_endian(r.raw<std::uint32_t>());
  if (r.wrong() != nullptr) return malformed(std::string{"field '"} + r.wrong() + "' has a wrong msgpack format");
  if (kind > static_cast<std::uint8_t>(item_kind::message)) return malformed("item of kind " + std::to_string(kind));
  const item_prefix p{static_cast<item_kind>(kind), size};
  const auto most = p.kind == item_kind::frame    ? frame_item_bytes_max
                    : p.kind == item_kind::credit ? credit_item_bytes
                                                  : control_item_bytes_max;
  if (size > most) {
    return malformed("item of " + std::to_string(size) + " bytes, allowed are " + std::to_string(most));
  }
  return p;
}

void write_credit(std::byte* out, const credit_item& c) noexcept {
  wire::field_writer w{out};
  w.byte(array_of_5);
  w.field(c.address.topology.value);
  w.field(c.address.channel.value);
  w.field(c.address.incarnation.value);
  w.field(c.batches);
  w.field(c.bytes);
}

result<credit_item> read_credit(bytes_view item) {
  if (item.size() != credit_item_bytes) return malformed("credit of " + std::to_string(item.size()) + " bytes");
  wire::field_reader r{item.data()};
  r.byte(array_of_5, "credit");
  credit_item c;
  c.address.topology.value = r.field<std::uint64_t>("topology");
  c.address.channel.value = r.field<std::uint32_t>("channel");
  c.address.incarnation.value = r.field<std::uint64_t>("generation");
  c.batches = r.field<std::uint32_t>("batches");
  c.bytes = r.field<std::uint64_t>("bytes");
  if (r.wrong() != nullptr) return malformed(std::string{"field '"} + r.wrong() + "' has a wrong msgpack format");
  return c;
}

result<channel_address> read_frame_address(bytes_view frame) {
  if (frame.size() <= frame_header_bytes) return malformed("a frame that is shorter than its header");
  wire::field_reader r{frame.data()};
  r.byte(wire::array_of_15, "array");
  static_cast<void>(r.field<std::uint32_t>("magic"));
  static_cast<void>(r.field<std::uint8_t>("version"));
  static_cast<void>(r.field<std::uint8_t>("kind"));
  channel_address a;
  a.topology.value = r.field<std::uint64_t>("topology");
  a.channel.value = r.field<std::uint32_t>("channel");
  static_cast<void>(r.field<std::uint32_t>("source"));
  static_cast<void>(r.field<std::uint32_t>("target"));
  a.incarnation.value = r.field<std::uint64_t>("generation");
  if (r.wrong() != nullptr) return malformed(std::string{"frame field '"} + r.wrong() + "' has a wrong msgpack format");
  return a;
}

}  // namespace millrace::transport::link
