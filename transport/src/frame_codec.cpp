#include "millrace/transport/frame_codec.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "frame_extension.hpp"
#include "frame_header.hpp"
#include "millrace/check.hpp"
#include "millrace/crc32c.hpp"

namespace millrace::transport {
namespace {

constexpr std::size_t crc_size = sizeof(std::uint32_t);
constexpr std::size_t crc_at = frame_header_bytes - crc_size;
constexpr std::size_t bin_prefix_bytes = 1 + sizeof(std::uint32_t);

/// On the wire only: a data frame whose body starts with late marks, and one whose body starts with an extension.
constexpr std::uint8_t marked_data = 1 + static_cast<std::uint8_t>(engine::frame_kind::idle);
constexpr std::uint8_t extended_data = marked_data + 1;

std::uint8_t wire_kind(const engine::frame& f) noexcept {
  if (f.body && f.traces != nullptr) return extended_data;
  const bool is_marked = f.body && !f.body->late_marks().empty();
  return is_marked ? marked_data : static_cast<std::uint8_t>(f.kind);
}

/// What a header says beside the fields of the frame.
struct envelope {
  std::uint32_t magic = frame_magic;
  std::uint8_t version = frame_version;
  std::uint8_t kind = 0;
  std::uint64_t topology = 0;
  std::uint32_t crc = 0;
  [[nodiscard]] bool is_data() const noexcept { return kind == marked_data || kind == extended_data; }
};

error bad_field(errc code, const char* name, const std::string& what) {
  return fatal_error(code, std::string{"frame field '"} + name + "': " + what);
}

/// Writes everything before the body; the checksum stays 0.
std::byte* write_header(std::byte* out, const engine::frame& f, topology_instance topology,
                        std::uint8_t kind) noexcept {
  wire::field_writer w{out};
  w.byte(wire::array_of_15);
  w.field(frame_magic);
  w.field(frame_version);
  w.field(kind);
  w.field(topology.value);
  w.field(f.channel.value);
  w.field(f.source.value);
  w.field(f.target.value);
  w.field(f.incarnation.value);
  w.field(f.epoch.value);
  w.field(f.first.value);
  w.field(f.count);
  w.field(f.watermark.ns);
  w.field(f.ingest_ns);
  w.field(std::uint32_t{0});
  return w.at();
}

std::optional<error> check(const envelope& e, const engine::frame& f, topology_instance topology) {
  if (e.magic != frame_magic) {
    return bad_field(errc::corrupt, "magic", "not a frame of Millrace");
  }
  if (e.version != frame_version) {
    return bad_field(errc::parse_error, "version",
                     "is " + std::to_string(e.version) + ", this program reads " + std::to_string(frame_version) +
                         ": run one release on all nodes");
  }
  if (e.kind > extended_data) {
    return bad_field(errc::corrupt, "kind", "unknown kind " + std::to_string(e.kind));
  }
  if (e.topology != topology.value) {
    return bad_field(
        errc::fenced, "topology",
        "is " + std::to_string(e.topology) + ", this channel belongs to " + std::to_string(topology.value));
  }
  const bool is_data = f.kind == engine::frame_kind::data;
  if (is_data ? f.count == 0 || f.count > frame_records_max : f.count != 0) {
    return bad_field(errc::corrupt, "count",
                     std::to_string(f.count) + (is_data ? " records in a data frame, allowed are 1 to 65536"
                                                        : " records in a frame that has none"));
  }
  return std::nullopt;
}

/// Reads everything before the body and makes sure that at least one byte of body follows.
result<envelope> read_header(bytes_view bytes, topology_instance topology, engine::frame& out) {
  if (bytes.size() <= frame_header_bytes) {
    return fatal_error(errc::corrupt, "frame of " + std::to_string(bytes.size()) + " bytes is shorter than its header");
  }
  wire::field_reader r{bytes.data()};
  envelope e;
  r.byte(wire::array_of_15, "array");
  e.magic = r.field<std::uint32_t>("magic");
  e.version = r.field<std::uint8_t>("version");
  e.kind = r.field<std::uint8_t>("kind");
  e.topology = r.field<std::uint64_t>("topology");
  out.kind = e.is_data() ? engine::frame_kind::data : static_cast<engine::frame_kind>(e.kind);
  out.channel.value = r.field<std::uint32_t>("channel");
  out.source.value = r.field<std::uint32_t>("source");
  out.target.value = r.field<std::uint32_t>("target");
  out.incarnation.value = r.field<std::uint64_t>("generation");
  out.epoch.value = r.field<std::uint64_t>("epoch");
  out.first.value = r.field<std::uint64_t>("first");
  out.count = r.field<std::uint32_t>("count");
  out.watermark.ns = r.field<std::int64_t>("watermark");
  out.ingest_ns = r.field<std::int64_t>("ingest_ns");
  out.arrived_ns = 0;
  e.crc = r.field<std::uint32_t>("crc32c");
  if (r.wrong() != nullptr) {
    return bad_field(errc::corrupt, r.wrong(), "wrong msgpack format");
  }
  if (auto wrong = check(e, out, topology)) {
    return std::move(*wrong);
  }
  return e;
}

/// Checksum of the frame with its own field as 0, so that header and body are under it.
std::uint32_t checksum(bytes_view frame) noexcept {
  constexpr std::array<std::byte, crc_size> zero{};
  return crc32c(frame.subspan(frame_header_bytes), crc32c(zero, crc32c(frame.first(crc_at))));
}

/// The encoded records; empty for a frame without any.
result<bytes_view> read_encoded_body(bytes_view body, engine::frame_kind kind) {
  if (kind != engine::frame_kind::data) {
    if (body.size() != 1 || body[0] != std::byte{wire::nil}) {
      return bad_field(errc::corrupt, "body", "there must be none in a frame without records");
    }
    return bytes_view{};
  }
  wire::field_reader r{body.data()};
  if (body.size() < bin_prefix_bytes || (r.byte(wire::bin32, "body"), r.wrong() != nullptr)) {
    return bad_field(errc::corrupt, "body", "is not a bin 32");
  }
  const std::size_t size = wire::big_endian(r.raw<std::uint32_t>());
  if (size > frame_body_bytes_max) {
    return bad_field(errc::limit_exceeded, "body",
                     std::to_string(size) + " bytes, allowed are " + std::to_string(frame_body_bytes_max));
  }
  if (size != body.size() - bin_prefix_bytes) {
    return bad_field(
        errc::corrupt, "body",
        "says " + std::to_string(size) + " bytes, the frame has " + std::to_string(body.size() - bin_prefix_bytes));
  }
  return body.subspan(bin_prefix_bytes);
}

/// Where a shared data frame keeps the pointers to its batch and to what is traced in it.
std::byte* pointer_slots(std::byte* frame) noexcept {
  return frame + shared_frame_bytes - 2 * sizeof(void*);
}

/// Takes both pointers out of the bytes.
batch_ptr take_pointers(std::byte* frame, engine::frame_traces_ptr& traces) noexcept {
  const batch* records = nullptr;
  engine::frame_traces_ptr* held = nullptr;
  auto* const slots = pointer_slots(frame);
  std::memcpy(&records, slots, sizeof records);
  std::memcpy(&held, slots + sizeof records, sizeof held);
  std::memset(slots, 0, 2 * sizeof(void*));
  traces.reset();
  if (held != nullptr) {
    traces = std::move(*held);
    delete held;
  }
  return batch_ptr::adopt(records);
}

result<void> take_shared_body(std::span<std::byte> bytes, engine::frame& out) {
  if (out.kind != engine::frame_kind::data) {
    const auto body = read_encoded_body(bytes.subspan(frame_header_bytes), out.kind);
    return body ? result<void>{} : result<void>{body.error()};
  }
  wire::field_reader r{bytes.data() + frame_header_bytes};
  if (bytes.size() != shared_frame_bytes || (r.byte(wire::ext_of_16_bytes, "body"), r.wrong() != nullptr) ||
      (r.byte(wire::batch_pointer, "body"), r.wrong() != nullptr)) {
    return bad_field(errc::corrupt, "body", "is not a reference to a batch");
  }
  out.body = take_pointers(bytes.data(), out.traces);
  if (!out.body || out.body->size() != out.count) {
    return bad_field(errc::corrupt, "count", "differs from the batch the frame refers to");
  }
  return {};
}

/// Takes what stands in front of the records off `records`.
result<void> take_front(const envelope& head, bytes_view& records, std::vector<late_mark>& late, engine::frame& out) {
  if (head.kind == marked_data) {
    auto taken = take_late_marks(records, out.count);
    if (!taken) return std::move(taken).error();
    late = std::move(*taken);
  } else if (head.kind == extended_data) {
    auto taken = take_extension(records, out.count);
    if (!taken) return std::move(taken).error();
    late = std::move(taken->late);
    out.traces = std::move(taken->traces);
  }
  return {};
}

}  // namespace

void encode_frame(const engine::frame& f, topology_instance topology, const record_type& type, byte_buffer& out) {
  out.clear();
  append_frame(f, topology, type, out);
}

void append_frame(const engine::frame& f, topology_instance topology, const record_type& type, byte_buffer& out) {
  const std::size_t start = out.size();
  write_header(out.extend(frame_header_bytes), f, topology, wire_kind(f));
  if (f.kind == engine::frame_kind::data) {
    MILLRACE_CHECK(f.body && f.body->size() == f.count && &f.body->type() == &type, "frame and batch do not fit");
    out.extend(bin_prefix_bytes);
    if (f.traces != nullptr) {
      write_extension(f.body->late_marks(), *f.traces, out);
    } else if (!f.body->late_marks().empty()) {
      write_late_marks(f.body->late_marks(), out);
    }
    type.encode(*f.body, out);
    const std::size_t size = out.size() - start - frame_header_bytes - bin_prefix_bytes;
    MILLRACE_CHECK(size <= std::numeric_limits<std::uint32_t>::max(), "the records of a frame outgrow 4 GiB");
    wire::field_writer w{out.data() + start + frame_header_bytes};
    w.byte(wire::bin32);
    w.raw(wire::big_endian(static_cast<std::uint32_t>(size)));
  } else {
    out.push_back(std::byte{wire::nil});
  }
  const auto sum = checksum(out.view().subspan(start));
  wire::field_writer{out.data() + start + crc_at}.raw(wire::big_endian(sum));
}

result<void> decode_frame(bytes_view bytes, topology_instance topology, const record_type& type, engine::frame& out) {
  const auto head = read_header(bytes, topology, out);
  if (!head) {
    return head.error();
  }
  auto body = read_encoded_body(bytes.subspan(frame_header_bytes), out.kind);
  if (!body) {
    return body.error();
  }
  if (head->crc != checksum(bytes)) {
    return bad_field(errc::corrupt, "crc32c", "the frame's bytes were changed on the way");
  }
  out.body.reset();
  out.traces.reset();
  if (out.kind == engine::frame_kind::data) {
    auto records = *body;
    std::vector<late_mark> marks;
    if (auto taken = take_front(*head, records, marks, out); !taken) return taken;
    auto decoded = type.decode(records, out.count);
    if (!decoded) {
      return bad_field(decoded.error().code, "body", decoded.error().message);
    }
    out.body = std::move(*decoded);
    if (!marks.empty()) batch_builder::mark_late(out.body, std::move(marks));
  }
  return {};
}

std::size_t write_shared_frame(engine::frame&& f, topology_instance topology,
                               std::span<std::byte, shared_frame_bytes> out) noexcept {
  wire::field_writer w{write_header(out.data(), f, topology, static_cast<std::uint8_t>(f.kind))};
  if (f.kind != engine::frame_kind::data) {
    w.byte(wire::nil);
    std::memset(pointer_slots(out.data()), 0, 2 * sizeof(void*));
    return frame_header_bytes + 1;
  }
  w.byte(wire::ext_of_16_bytes);
  w.byte(wire::batch_pointer);
  w.raw(f.body.release());
  w.raw(f.traces == nullptr ? nullptr : new engine::frame_traces_ptr{std::move(f.traces)});
  return shared_frame_bytes;
}

result<void> take_shared_frame(std::span<std::byte> bytes, topology_instance topology, engine::frame& out) {
  out.body.reset();
  out.traces.reset();
  if (auto head = read_header(bytes, topology, out); !head) {
    return std::move(head).error();
  } else if (head->crc != 0) {
    return bad_field(errc::corrupt, "crc32c", "is set on a frame that is not encoded");
  }
  return take_shared_body(bytes, out);
}

void drop_shared_frame(std::span<std::byte, shared_frame_bytes> bytes) noexcept {
  engine::frame_traces_ptr traces;
  take_pointers(bytes.data(), traces).reset();
}

}  // namespace millrace::transport
