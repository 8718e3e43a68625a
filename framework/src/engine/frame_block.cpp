#include "millrace/engine/frame_block.hpp"

#include <string>
#include <utility>

#include "millrace/msgpack.hpp"

namespace millrace::engine {

namespace {

// kind, epoch, first, count, watermark, arrival, late marks, records
constexpr std::uint32_t fields = 8;

void encode(const frame& f, msgpack::writer& out, byte_buffer& scratch) {
  out.array(fields);
  out.integer(static_cast<std::uint8_t>(f.kind));
  out.integer(f.epoch.value);
  out.integer(f.first.value);
  out.integer(f.count);
  out.integer(f.watermark.ns);
  out.integer(f.ingest_ns);
  if (!f.body) {
    out.array(0);
    out.nil();
    return;
  }
  const auto marks = f.body->late_marks();
  out.array(static_cast<std::uint32_t>(2 * marks.size()));
  for (const auto& m : marks) {
    out.integer(m.row);
    out.integer(m.watermark.ns);
  }
  scratch.clear();
  f.body->type().encode(*f.body, scratch);
  out.binary(scratch.view());
}

error unreadable(std::size_t number, const char* what) {
  return fatal_error(errc::corrupt, "frame " + std::to_string(number) + " of a block: " + what + " cannot be read");
}

bool decode_head(msgpack::reader& in, frame& f, std::vector<late_mark>& marks) {
  std::uint32_t n = 0;
  std::uint8_t kind = 0;
  if (!in.array(n) || n != fields || !in.integer(kind) || kind > static_cast<std::uint8_t>(frame_kind::idle) ||
      !in.integer(f.epoch.value) || !in.integer(f.first.value) || !in.integer(f.count) || !in.integer(f.watermark.ns) ||
      !in.integer(f.ingest_ns) || !in.array(n) || n % 2 != 0) {
    return false;
  }
  f.kind = static_cast<frame_kind>(kind);
  marks.resize(n / 2);
  for (auto& m : marks) {
    if (!in.integer(m.row) || !in.integer(m.watermark.ns)) return false;
  }
  return true;
}

}  // namespace

void encode_frames(std::span<const kept_frame> frames, byte_buffer& out) {
  msgpack::writer w{out};
  byte_buffer scratch;
  w.array(static_cast<std::uint32_t>(frames.size()));
  for (const auto& f : frames) encode(f.what, w, scratch);
}

result<std::vector<kept_frame>> decode_frames(bytes_view bytes, const record_type& type, const frame& stamp) {
  msgpack::reader in{bytes};
  std::uint32_t n = 0;
  if (!in.array(n)) return unreadable(0, "the head");
  std::vector<kept_frame> out;
  out.reserve(n);
  std::vector<late_mark> marks;
  for (std::uint32_t i = 0; i < n; ++i) {
    auto f = stamp;
    if (!decode_head(in, f, marks)) return unreadable(i, "its head");
    bytes_view records;
    if (!in.take_nil()) {
      if (!in.binary(records)) return unreadable(i, "its records");
      auto body = type.decode(records, f.count);
      if (!body) return unreadable(i, body.error().message.c_str());
      f.body = std::move(*body);
      if (!marks.empty()) batch_builder::mark_late(f.body, std::exchange(marks, {}));
    }
    out.push_back(keep(std::move(f), f.count));
  }
  if (!in.at_end()) return unreadable(n, "the end");
  return out;
}

}  // namespace millrace::engine
