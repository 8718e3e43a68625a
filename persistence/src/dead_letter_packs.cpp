#include <algorithm>
#include <array>
#include <cstring>

#include "dead_letter_session.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::persistence {

using detail::load_big_endian;
using detail::store_big_endian;

void lmdb_dead_letter_store::session::finish() {
  if (!to_file_.empty()) {
    take(s_.file_.write(to_file_at_, to_file_));
    (void)engine::fault_point("letters.written");
  }
  if (!sums_) return;
  const auto numbers = [](const stored_sums& t) {
    return std::array{t.letters, t.bytes, t.dropped, t.next_arrival, t.file_end};
  };
  if (sums_before_ && numbers(*sums_) == numbers(*sums_before_)) return;
  byte_buffer value;
  for (const auto n : numbers(*sums_)) store_big_endian(value.extend(8), n);
  take(in_.put(s_.totals_, as_bytes(totals_key), value.view()));
}

stored_sums& lmdb_dead_letter_store::session::sums() {
  if (sums_) return *sums_;
  sums_.emplace();
  const auto stored = take(in_.get(s_.totals_, as_bytes(totals_key)));
  if (!stored || stored->size() != 40) return *sums_;
  const auto number = [&](std::size_t i) { return load_big_endian<std::uint64_t>(stored->data() + 8 * i); };
  sums_->letters = number(0);
  sums_->bytes = number(1);
  sums_->dropped = number(2);
  sums_->next_arrival = number(3);
  sums_->file_end = number(4);
  sums_before_ = sums_;
  return *sums_;
}

void lmdb_dead_letter_store::session::add(const letter_pack& p) {
  const auto key = key_of(p.task, p.first);
  if (take(in_.get(s_.packs_, key.view())).has_value()) return;  // an epoch that was given up had it already
  const auto block = p.block.view();
  const bool in_file = block.size() >= file_block_bytes;
  const auto value_bytes = in_file ? file_pack_bytes : head_bytes + block.size();
  const auto bytes = value_bytes + (in_file ? engine::letter_pages::padded(block.size()) : 0);
  if (!make_room(bytes, p)) return;
  auto* const value = take(in_.reserve(s_.packs_, key.view(), value_bytes));
  store_big_endian(value + 4, p.block.count);
  store_big_endian(value + 8, sums().next_arrival);
  value[16] = static_cast<std::byte>(in_file ? pack_kind::in_file : pack_kind::here);
  if (in_file) {
    auto& end = sums().file_end;
    if (to_file_.empty()) to_file_at_ = end;
    store_big_endian(value + head_bytes, end);
    store_big_endian(value + head_bytes + 8, static_cast<std::uint32_t>(block.size()));
    store_big_endian(value + head_bytes + 12, crc32c(block));
    end += engine::letter_pages::padded(block.size());
    to_file_.push_back(p.block.whole_pages());
  } else {
    std::memcpy(value + head_bytes, block.data(), block.size());
  }
  store_big_endian(value, sum_of(key.view(), {value, value_bytes}));
  byte_buffer arrival;
  store_big_endian(arrival.extend(8), sums().next_arrival++);
  take(in_.put(s_.arrivals_, arrival.view(), key.view()));
  sums().bytes += bytes;
  sums().letters += p.block.count;
}

void lmdb_dead_letter_store::session::erase_pack(bytes_view key) {
  const auto stored = take(in_.get(s_.packs_, key));
  if (!stored) return;
  const auto p = parse(key, *stored);
  const std::vector<std::byte> own{key.begin(), key.end()};
  open_.reset();
  auto& t = sums();
  t.bytes -= std::min<std::uint64_t>(t.bytes, stored->size() + p.file_bytes());
  t.letters -= std::min<std::uint64_t>(t.letters, p.count);
  take(in_.erase(s_.packs_, own));
  byte_buffer arrival;
  store_big_endian(arrival.extend(8), p.arrival);
  (void)take(in_.erase(s_.arrivals_, arrival.view()));
  if (p.kind == pack_kind::in_file) {
    // Only once this is committed the room may be given back.
    byte_buffer at;
    byte_buffer bytes;
    store_big_endian(at.extend(8), p.place().offset);
    store_big_endian(bytes.extend(8), p.place().bytes);
    take(in_.put(s_.holes_, at.view(), bytes.view()));
  }
  for (std::uint32_t i = 0; i < p.count; ++i) erase_mark({p.task, p.first + i});
}

void lmdb_dead_letter_store::session::truncate(const std::string& task, std::uint64_t number) {
  std::vector<std::vector<std::byte>> gone;
  const auto from = key_of(task, number);
  auto at = take(lmdb::cursor::open(in_, s_.packs_));
  for (auto e = take(at.at_least(from.view())); e && is_of(e->key, task); e = take(at.next())) {
    gone.push_back(owned(e->key));
  }
  for (const auto& key : gone) erase_pack(key);
}

std::set<std::string> lmdb_dead_letter_store::session::tasks() {
  std::set<std::string> out;
  auto at = take(lmdb::cursor::open(in_, s_.packs_));
  auto e = take(at.first());
  while (e) {
    const auto task = id_of(e->key).task;
    out.insert(task);
    e = take(at.at_least(key_of(task, ~std::uint64_t{0}).view()));
  }
  return out;
}

void lmdb_dead_letter_store::session::for_each_pack(const letter_id* from,
                                                    const std::function<bool(const pack_view&)>& visit) {
  auto at = take(lmdb::cursor::open(in_, s_.packs_));
  std::optional<lmdb::entry> e;
  if (from == nullptr) {
    e = take(at.first());
  } else {
    const auto holder = pack_with(*from);
    e = take(at.at_least(holder ? bytes_view{*holder} : key_of(*from).view()));
  }
  for (; e; e = take(at.next())) {
    if (!visit(parse(e->key, e->value))) return;
  }
}

std::optional<std::vector<std::byte>> lmdb_dead_letter_store::session::pack_with(const letter_id& id) {
  const auto key = key_of(id);
  auto at = take(lmdb::cursor::open(in_, s_.packs_));
  auto e = take(at.at_least(key.view()));
  if (!e || !std::ranges::equal(e->key, key.view())) e = e ? take(at.previous()) : take(at.last());
  if (!e || !is_of(e->key, id.task)) return std::nullopt;
  const auto first = id_of(e->key).number;
  if (e->value.size() < head_bytes || id.number < first ||
      id.number - first >= load_big_endian<std::uint32_t>(e->value.data() + 4)) {
    return std::nullopt;
  }
  return owned(e->key);
}

std::vector<dead_letter> lmdb_dead_letter_store::session::letters_of(const pack_view& p) {
  if (p.kind == pack_kind::here) return take(engine::letters_in(p.block, p.count));
  const auto block = take(s_.file_.read(p.offset, p.bytes));
  if (block.size() != p.bytes || crc32c(block.view()) != p.crc) throw damaged({p.task, p.first});
  return take(engine::letters_in(block.view(), p.count));
}

void lmdb_dead_letter_store::session::reclaim() {
  std::vector<std::pair<std::vector<std::byte>, file_place>> holes;
  {
    auto at = take(lmdb::cursor::open(in_, s_.holes_));
    for (auto e = take(at.first()); e; e = take(at.next())) {
      if (e->key.size() != 8 || e->value.size() != 8) continue;
      holes.emplace_back(owned(e->key), file_place{load_big_endian<std::uint64_t>(e->key.data()),
                                                   load_big_endian<std::uint64_t>(e->value.data())});
    }
  }
  for (const auto& [key, place] : holes) {
    s_.file_.free(place);
    (void)take(in_.erase(s_.holes_, key));
  }
  if (sums().file_end == 0 || take(take(lmdb::cursor::open(in_, s_.packs_)).first())) return;
  s_.file_.clear();
  sums().file_end = 0;
}

const dead_letter* lmdb_dead_letter_store::session::look_up(const letter_id& id) {
  const auto holds = [&] {
    return open_ && open_->task == id.task && id.number >= open_->first &&
           id.number - open_->first < open_->letters.size();
  };
  if (!holds()) {
    const auto key = pack_with(id);
    if (!key) return nullptr;
    const auto p = parse(*key, *take(in_.get(s_.packs_, *key)));
    open_ = open_pack{p.task, p.first, letters_of(p)};
    if (!holds()) return nullptr;
  }
  return &open_->letters[id.number - open_->first];
}

void lmdb_dead_letter_store::session::drop_if_empty(const std::vector<std::byte>& key) {
  const auto stored = take(in_.get(s_.packs_, key));
  if (!stored) return;
  const auto p = parse(key, *stored);
  for (std::uint32_t i = 0; i < p.count; ++i) {
    const auto m = find_mark({p.task, p.first + i});
    if (!m || m->is != mark::what::discarded) return;
  }
  erase_pack(key);
}

pack_view lmdb_dead_letter_store::session::parse(bytes_view key, bytes_view value) const {
  const auto id = id_of(key);
  if (value.size() < head_bytes || load_big_endian<std::uint32_t>(value.data()) != sum_of(key, value)) {
    throw damaged(id);
  }
  pack_view out{.task = id.task, .first = id.number, .count = load_big_endian<std::uint32_t>(value.data() + 4)};
  out.arrival = load_big_endian<std::uint64_t>(value.data() + 8);
  out.kind = static_cast<pack_kind>(value[16]);
  if (out.kind == pack_kind::here) {
    out.block = value.subspan(head_bytes);
    return out;
  }
  if (out.kind != pack_kind::in_file || value.size() != file_pack_bytes) throw damaged(id);
  out.offset = load_big_endian<std::uint64_t>(value.data() + head_bytes);
  out.bytes = load_big_endian<std::uint32_t>(value.data() + head_bytes + 8);
  out.crc = load_big_endian<std::uint32_t>(value.data() + head_bytes + 12);
  return out;
}

failure lmdb_dead_letter_store::session::damaged(const letter_id& from) const {
  return {fatal_error(errc::corrupt,
                      "dead letters from " + to_string(from) + " on in '" + s_.env_->folder().string() +
                          "' fail their checksum; when something else is at work on them, try again, else restore the "
                          "folder from a backup, or move it away to go on without them")};
}

/// False: the policy drops the pack that comes.
bool lmdb_dead_letter_store::session::make_room(std::uint64_t bytes, const letter_pack& p) {
  const auto limit = s_.limits_.bytes_max;
  if (sums().bytes + bytes <= limit) return true;
  switch (s_.limits_.when_full) {
    case dead_letter_settings::overflow::stop:
      throw failure{
          user_error(errc::limit_exceeded,
                     "the dead letters in '" + s_.env_->folder().string() + "' take " + std::to_string(sums().bytes) +
                         " bytes, and the limit is " + std::to_string(limit) +
                         "; replay and discard some ('millrace deadletter'), raise settings.dead_letter_mib, or set "
                         "settings.dead_letter_overflow to drop_oldest or drop_newest")};
    case dead_letter_settings::overflow::drop_newest:
      sums().dropped += p.block.count;
      return false;
    case dead_letter_settings::overflow::drop_oldest:
      break;
  }
  while (sums().bytes + bytes > limit && drop_oldest()) {
  }
  return true;
}

bool lmdb_dead_letter_store::session::drop_oldest() {
  std::vector<std::byte> key;
  {
    auto at = take(lmdb::cursor::open(in_, s_.arrivals_));
    const auto e = take(at.first());
    if (!e) return false;
    key = owned(e->value);
  }
  const auto stored = take(in_.get(s_.packs_, key));
  if (!stored) throw damaged(id_of(key));
  sums().dropped += parse(key, *stored).count;
  erase_pack(key);
  return true;
}

}  // namespace millrace::persistence
