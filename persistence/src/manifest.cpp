#include "manifest.hpp"

#include "chunk.hpp"
#include "millrace/crc32c.hpp"
#include "millrace/detail/big_endian.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::persistence {
namespace {

using detail::load_big_endian;
using detail::store_big_endian;

constexpr std::uint32_t manifest_version = 1;
constexpr std::uint32_t ledger_version = 1;
constexpr std::size_t sum_bytes = sizeof(std::uint32_t);
// Fixed-size records in binary values: a manifest of a hundred million rows has a million of them.
constexpr std::size_t ref_bytes = 12;
constexpr std::size_t chunk_record_bytes = 16;

error damaged(const char* what) {
  return fatal_error(errc::corrupt, what);
}

/// Room for the checksum in front.
byte_buffer open_sealed() {
  byte_buffer out;
  out.extend(sum_bytes);
  return out;
}

void seal(byte_buffer& out) {
  store_big_endian(out.data(), crc32c(out.view().subspan(sum_bytes)));
}

bool is_sealed(bytes_view stored) {
  return stored.size() > sum_bytes &&
         crc32c(stored.subspan(sum_bytes)) == load_big_endian<std::uint32_t>(stored.data());
}

void write_pages(msgpack::writer& out, const std::vector<content_ref>& pages) {
  byte_buffer packed;
  auto* at = packed.extend(pages.size() * ref_bytes);
  for (const auto& page : pages) {
    store_big_endian(at, page.chunk);
    store_big_endian(at + 8, page.bytes);
    at += ref_bytes;
  }
  out.binary(packed.view());
}

void write_chunks(msgpack::writer& out, const std::map<std::uint64_t, chunk_record>& chunks) {
  byte_buffer packed;
  auto* at = packed.extend(chunks.size() * chunk_record_bytes);
  for (const auto& [id, chunk] : chunks) {
    store_big_endian(at, id);
    store_big_endian(at + 8, chunk.weight);
    store_big_endian(at + 12, chunk.sum);
    at += chunk_record_bytes;
  }
  out.binary(packed.view());
}

bool read_pages(msgpack::reader& in, std::vector<content_ref>& pages) {
  bytes_view packed;
  if (!in.binary(packed)) return false;
  if (packed.size() % ref_bytes != 0) return in.refuse();
  pages.resize(packed.size() / ref_bytes);
  const auto* at = packed.data();
  for (auto& page : pages) {
    page = {load_big_endian<std::uint64_t>(at), load_big_endian<std::uint32_t>(at + 8)};
    at += ref_bytes;
  }
  return true;
}

bool read_chunks(msgpack::reader& in, std::map<std::uint64_t, chunk_record>& chunks) {
  bytes_view packed;
  if (!in.binary(packed)) return false;
  if (packed.size() % chunk_record_bytes != 0) return in.refuse();
  for (const auto* at = packed.data(); at != packed.data() + packed.size(); at += chunk_record_bytes) {
    const auto id = load_big_endian<std::uint64_t>(at);
    if (!chunks.empty() && id <= chunks.rbegin()->first) return in.refuse();
    chunks.emplace_hint(chunks.end(), id,
                        chunk_record{load_big_endian<std::uint32_t>(at + 8), load_big_endian<std::uint32_t>(at + 12)});
  }
  return true;
}

bool read_tasks(msgpack::reader& in, manifest& into) {
  std::uint32_t tasks = 0;
  if (!in.array(tasks)) return false;
  for (std::uint32_t n = 0; n < tasks; ++n) {
    std::uint32_t fields = 0;
    std::string_view key;
    manifest_task task;
    if (!in.array(fields) || fields != 4 || !in.string(key) || !read_pages(in, task.pages)) return false;
    if (!in.integer(task.meta.chunk) || !in.integer(task.meta.bytes)) return false;
    if (!into.tasks.emplace(key, std::move(task)).second) return in.refuse();
  }
  return true;
}

bool read_manifest(msgpack::reader& in, manifest& into) {
  std::uint32_t fields = 0;
  std::uint32_t version = 0;
  if (!in.array(fields) || fields != 7 || !in.integer(version) || version != manifest_version) return false;
  if (!in.integer(into.epoch.value) || !in.integer(into.incarnation.value) || !in.integer(into.written_at.ns)) {
    return false;
  }
  return in.integer(into.next_chunk) && read_chunks(in, into.chunks) && read_tasks(in, into) && in.at_end();
}

bool are_refs_known(const manifest& from) {
  const auto is_known = [&](const content_ref& ref) {
    bool all = ref.chunk != 0;
    for_each_chunk(ref, parts_of(ref.bytes), [&](std::uint64_t chunk) { all = all && from.chunks.contains(chunk); });
    return all;
  };
  for (const auto& [key, task] : from.tasks) {
    if (task.meta.bytes > 0 && !is_known(task.meta)) return false;
    for (const auto& page : task.pages) {
      if (!is_known(page)) return false;
    }
  }
  return true;
}

bool read_ledger_lists(msgpack::reader& in, engine::ledger_entry& into) {
  std::uint32_t count = 0;
  std::uint32_t fields = 0;
  std::string_view task;
  if (!in.array(count)) return false;
  for (std::uint32_t n = 0; n < count; ++n) {
    bytes_view handle;
    if (!in.array(fields) || fields != 2 || !in.string(task) || !in.binary(handle)) return false;
    into.prepared.push_back({std::string(task), {handle.begin(), handle.end()}});
  }
  if (!in.array(count)) return false;
  for (std::uint32_t n = 0; n < count; ++n) {
    std::string_view text;
    if (!in.array(fields) || fields != 2 || !in.string(task) || !in.string(text)) return false;
    into.positions.push_back({std::string(task), std::string(text)});
  }
  return in.at_end();
}

}  // namespace

engine::snapshot_info manifest::info(unsigned environment) const {
  engine::snapshot_info info;
  info.epoch = epoch;
  info.incarnation = incarnation;
  info.environment = environment;
  info.written_at = written_at;
  info.chunks = chunks.size();
  info.tasks = tasks.size();
  for (const auto& [key, task] : tasks) {
    info.pages += task.pages.size();
    info.bytes += task.meta.bytes;
    for (const auto& page : task.pages) info.bytes += page.bytes;
  }
  return info;
}

byte_buffer encode_manifest(const manifest& from) {
  auto encoded = open_sealed();
  msgpack::writer out(encoded);
  out.array(7);
  out.integer(manifest_version);
  out.integer(from.epoch.value);
  out.integer(from.incarnation.value);
  out.integer(from.written_at.ns);
  out.integer(from.next_chunk);
  write_chunks(out, from.chunks);
  out.array(static_cast<std::uint32_t>(from.tasks.size()));
  for (const auto& [key, task] : from.tasks) {
    out.array(4);
    out.string(key);
    write_pages(out, task.pages);
    out.integer(task.meta.chunk);
    out.integer(task.meta.bytes);
  }
  seal(encoded);
  return encoded;
}

result<manifest> decode_manifest(bytes_view stored) {
  if (!is_sealed(stored)) return damaged("the manifest's checksum is wrong");
  msgpack::reader in(stored.subspan(sum_bytes));
  manifest decoded;
  if (!read_manifest(in, decoded)) return damaged("the manifest makes no sense, or a newer version wrote it");
  if (!are_refs_known(decoded)) return damaged("the manifest refers to chunks it does not list");
  return decoded;
}

byte_buffer encode_ledger_entry(const engine::ledger_entry& from) {
  auto encoded = open_sealed();
  msgpack::writer out(encoded);
  out.array(5);
  out.integer(ledger_version);
  out.integer(from.epoch.value);
  out.integer(from.incarnation.value);
  out.array(static_cast<std::uint32_t>(from.prepared.size()));
  for (const auto& each : from.prepared) {
    out.array(2);
    out.string(each.task);
    out.binary(each.handle);
  }
  out.array(static_cast<std::uint32_t>(from.positions.size()));
  for (const auto& each : from.positions) {
    out.array(2);
    out.string(each.task);
    out.string(each.text);
  }
  seal(encoded);
  return encoded;
}

result<engine::ledger_entry> decode_ledger_entry(bytes_view stored) {
  if (!is_sealed(stored)) return damaged("the checksum of a ledger entry is wrong");
  msgpack::reader in(stored.subspan(sum_bytes));
  engine::ledger_entry entry;
  std::uint32_t fields = 0;
  std::uint32_t version = 0;
  const bool is_read = in.array(fields) && fields == 5 && in.integer(version) && version == ledger_version &&
                       in.integer(entry.epoch.value) && in.integer(entry.incarnation.value) &&
                       read_ledger_lists(in, entry);
  if (!is_read) return damaged("a ledger entry makes no sense, or a newer version wrote it");
  return entry;
}

}  // namespace millrace::persistence
