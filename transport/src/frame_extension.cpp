#include "frame_extension.hpp"

#include <algorithm>
#include <string>

#include "millrace/msgpack.hpp"

namespace millrace::transport {

namespace {

constexpr std::uint32_t extension_fields = 4;
constexpr std::uint32_t late_fields = 2;
constexpr std::uint32_t mark_fields = 5;

error damaged(const char* what) {
  return fatal_error(errc::corrupt, std::string{"frame field 'body': "} + what);
}

void write_late(std::span<const late_mark> marks, msgpack::writer& w) {
  w.array(static_cast<std::uint32_t>(late_fields * marks.size()));
  for (const auto& m : marks) {
    w.integer(m.row);
    w.integer(m.watermark.ns);
  }
}

result<std::vector<late_mark>> read_late(msgpack::reader& r, std::uint32_t count) {
  std::uint32_t fields = 0;
  if (!r.array(fields) || fields % late_fields != 0 || fields / late_fields > count) {
    return damaged("does not start with late marks");
  }
  std::vector<late_mark> marks(fields / late_fields);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const bool is_read = r.integer(marks[i].row) && r.integer(marks[i].watermark.ns);
    if (!is_read || marks[i].row >= count || (i > 0 && marks[i].row <= marks[i - 1].row)) {
      return damaged("has a damaged late mark");
    }
  }
  return marks;
}

bool read_mark(msgpack::reader& r, engine::trace_mark& m) {
  std::uint8_t replayed = 0;
  const bool is_read = r.integer(m.row) && r.integer(m.of.trace.high) && r.integer(m.of.trace.low) &&
                       r.integer(m.of.span) && r.integer(replayed);
  m.of.is_replayed = replayed == 1;
  return is_read && replayed <= 1 && m.of.trace && m.of.span != 0;
}

result<void> read_marks(msgpack::reader& r, std::uint32_t count, std::vector<engine::trace_mark>& out) {
  std::uint32_t fields = 0;
  const auto most = std::min<std::size_t>(count, engine::frame_marks_max);
  if (!r.array(fields) || fields % mark_fields != 0 || fields / mark_fields > most) {
    return damaged("has a damaged list of traced records");
  }
  out.resize(fields / mark_fields);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool is_read = read_mark(r, out[i]);
    if (!is_read || out[i].row >= count || (i > 0 && out[i].row <= out[i - 1].row)) {
      return damaged("has a damaged mark of a traced record");
    }
  }
  return {};
}

}  // namespace

void write_late_marks(std::span<const late_mark> marks, byte_buffer& out) {
  msgpack::writer w{out};
  write_late(marks, w);
}

result<std::vector<late_mark>> take_late_marks(bytes_view& body, std::uint32_t count) {
  msgpack::reader r{body};
  auto marks = read_late(r, count);
  if (marks) body = body.subspan(r.offset());
  return marks;
}

void write_extension(std::span<const late_mark> late, const engine::frame_traces& traces, byte_buffer& out) {
  msgpack::writer w{out};
  w.array(extension_fields);
  write_late(late, w);
  w.integer(traces.emitted_ns);
  w.integer(traces.sent_ns);
  w.array(static_cast<std::uint32_t>(mark_fields * traces.marks.size()));
  for (const auto& m : traces.marks) {
    w.integer(m.row);
    w.integer(m.of.trace.high);
    w.integer(m.of.trace.low);
    w.integer(m.of.span);
    w.integer(static_cast<std::uint8_t>(m.of.is_replayed));
  }
}

result<frame_extension> take_extension(bytes_view& body, std::uint32_t count) {
  msgpack::reader r{body};
  std::uint32_t fields = 0;
  if (!r.array(fields) || fields != extension_fields) return damaged("does not start with an extension");
  auto late = read_late(r, count);
  if (!late) return std::move(late).error();
  frame_extension out{*std::move(late), std::make_shared<engine::frame_traces>()};
  if (!r.integer(out.traces->emitted_ns) || !r.integer(out.traces->sent_ns)) {
    return damaged("has a damaged time in its extension");
  }
  if (auto read = read_marks(r, count, out.traces->marks); !read) return std::move(read).error();
  body = body.subspan(r.offset());
  return out;
}

}  // namespace millrace::transport
