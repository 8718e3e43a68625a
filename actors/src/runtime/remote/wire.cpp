#include "runtime/remote/wire.hpp"

#include <cstring>
#include <memory>
#include <utility>

#include "millrace/key_codec.hpp"
#include "millrace/schema.hpp"

namespace millrace::runtime::remote {

namespace {

std::vector<std::byte> copy_of(bytes_view bytes) {
  return {bytes.begin(), bytes.end()};
}

engine::letter_block block_of(const letters& l) {
  auto pages = std::make_shared<engine::letter_pages>(engine::letter_pages::padded(l.block.size()));
  // Up to the end of its last page it goes to disk.
  std::memset(pages->data(), 0, pages->size());
  if (!l.block.empty()) std::memcpy(pages->data(), l.block.data(), l.block.size());
  engine::letter_block out;
  out.count = l.count;
  out.size = l.block.size();
  out.first = pages->data();
  out.pages = std::move(pages);
  return out;
}

}  // namespace

result<envelope> open_envelope(bytes_view message) {
  msgpack::reader r{message};
  envelope out;
  if (!decode(r, out.head)) return fatal_error(errc::parse_error, "a message from another node has no header");
  if (out.head.version != wire_version) {
    return fatal_error(errc::parse_error, "another node speaks version " + std::to_string(out.head.version) +
                                              " of the protocol, this one " + std::to_string(wire_version) +
                                              ": install the same version of Millrace on both");
  }
  out.body = message.subspan(r.offset());
  return out;
}

target to_wire(const engine::epoch_target& t) {
  return {t.epoch, t.environment, t.full, t.last};
}

engine::epoch_target from_wire(const target& t) {
  return {t.epoch, t.environment, t.full, t.last};
}

std::vector<replay> to_wire(const std::vector<engine::replay_item>& items) {
  std::vector<replay> out;
  out.reserve(items.size());
  for (const auto& i : items) out.push_back({i.sequence, i.id.task, i.id.number, i.what});
  return out;
}

std::vector<engine::replay_item> from_wire(std::vector<replay>&& items) {
  std::vector<engine::replay_item> out;
  out.reserve(items.size());
  for (auto& i : items) out.push_back({i.sequence, {std::move(i.task), i.number}, std::move(i.letter)});
  return out;
}

part_report to_wire(const engine::task_snapshot& part) {
  part_report out;
  out.task = part.task;
  out.to = to_wire(part.target);
  out.page_count = part.rows.page_count;
  out.meta = copy_of(part.meta.view());
  out.prepared = part.prepared;
  out.position = part.position;
  out.letter_count = part.counters.letters;
  out.replay_count = part.counters.replays;
  for (const auto& l : part.letters) out.dead.push_back({l.first, l.block.count, copy_of(l.block.view())});
  return out;
}

engine::task_snapshot from_wire(part_report&& report) {
  engine::task_snapshot out;
  out.task = report.task;
  out.target = from_wire(report.to);
  out.rows.page_count = report.page_count;
  out.meta.append(report.meta);
  out.prepared = std::move(report.prepared);
  out.position = std::move(report.position);
  out.counters = {report.letter_count, report.replay_count};
  for (const auto& l : report.dead) out.letters.push_back({l.first, block_of(l)});
  return out;
}

std::uint64_t fingerprint_of(const engine::plan& p) {
  std::string text;
  for (const auto& t : p.tasks) text += p.task_name(t.id) + ' ' + p.spec.actors[t.actor].type + '\n';
  for (const auto& c : p.channels) text += c.name + ' ' + to_text(c.type->schema()) + '\n';
  return key_hash(as_bytes(text));
}

}  // namespace millrace::runtime::remote
