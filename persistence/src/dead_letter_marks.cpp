#include <algorithm>

#include "dead_letter_session.hpp"

namespace millrace::persistence {

using detail::load_big_endian;
using detail::store_big_endian;

std::optional<mark> lmdb_dead_letter_store::session::find_mark(const letter_id& id) {
  const auto stored = take(in_.get(s_.marks_, key_of(id).view()));
  if (!stored) return std::nullopt;
  return decode_mark(*stored);
}

/// Keeps what else says something of the letter in step: its room, its request, its place in a queue.
void lmdb_dead_letter_store::session::erase_mark(const letter_id& id) {
  const auto key = key_of(id);
  const auto stored = take(in_.get(s_.marks_, key.view()));
  if (!stored) return;
  const auto m = decode_mark(*stored);
  auto& t = sums();
  t.bytes -= std::min<std::uint64_t>(t.bytes, stored->size());
  (void)take(in_.erase(s_.marks_, key.view()));
  if (m.is == mark::what::requested) (void)take(in_.erase(s_.requests_, key.view()));
  if (!m.target.empty()) (void)take(in_.erase(s_.queue_, key_of(m.target, m.sequence).view()));
}

void lmdb_dead_letter_store::session::store(const letter_id& id, const mark& m) {
  erase_mark(id);
  const auto key = key_of(id);
  const auto value = encode(m);
  take(in_.put(s_.marks_, key.view(), value.view()));
  sums().bytes += value.size();
  if (m.is == mark::what::requested) take(in_.put(s_.requests_, key.view(), {}));
  if (m.is == mark::what::queued) take(in_.put(s_.queue_, key_of(m.target, m.sequence).view(), key.view()));
}

kept_letter lmdb_dead_letter_store::session::kept(const letter_id& id, dead_letter&& what,
                                                  const std::optional<mark>& m) {
  kept_letter out{id, letter_state::open, std::move(what), m ? m->fix : std::nullopt};
  if (id.number >= counters(id.task).letters) {
    out.state = letter_state::pending;
  } else if (!m || m->is == mark::what::nothing) {
    out.state = m && m->fix ? letter_state::fixed : letter_state::open;
  } else if (m->is == mark::what::requested) {
    out.state = letter_state::requested;
  } else {
    out.state = m->sequence < counters(m->target).replays ? letter_state::replayed : letter_state::queued;
  }
  return out;
}

kept_letter lmdb_dead_letter_store::session::find(const letter_id& id) {
  const auto* letter = look_up(id);
  const auto m = letter == nullptr ? std::nullopt : find_mark(id);
  if (letter == nullptr || (m && m->is == mark::what::discarded)) {
    throw failure{user_error(errc::not_found, "there is no dead letter " + to_string(id))};
  }
  return kept(id, dead_letter{*letter}, m);
}

/// The mark of a letter that may be worked on.
mark lmdb_dead_letter_store::session::editable(const letter_id& id) {
  const auto l = find(id);
  if (l.state == letter_state::open || l.state == letter_state::fixed || l.state == letter_state::replayed) {
    return find_mark(id).value_or(mark{});
  }
  throw failure{user_error(errc::invalid_argument,
                           "dead letter " + to_string(id) + " is " + to_string(l.state) +
                               (l.state == letter_state::pending
                                    ? ": its snapshot is not complete yet; start the topology again if nothing runs"
                                    : ": wait until the run has taken it, or start the topology"))};
}

void lmdb_dead_letter_store::session::fix(const letter_id& id, const letter_fix& f) {
  auto m = editable(id);
  store(id, {mark::what::nothing, {}, 0, f});
}

void lmdb_dead_letter_store::session::request(const letter_id& id) {
  auto m = editable(id);
  store(id, {mark::what::requested, {}, 0, std::move(m.fix)});
}

void lmdb_dead_letter_store::session::discard(const letter_id& id) {
  (void)editable(id);
  store(id, {mark::what::discarded, {}, 0, std::nullopt});
}

void lmdb_dead_letter_store::session::enqueue(const letter_id& id, const std::string& target) {
  auto m = find_mark(id);
  if (!m || m->is != mark::what::requested) return;
  m->is = target.empty() ? mark::what::nothing : mark::what::queued;
  m->target = target;
  m->sequence = target.empty() ? 0 : next_sequence(target);
  store(id, *m);
}

std::vector<kept_letter> lmdb_dead_letter_store::session::requested(const engine::replay_limit& most) {
  std::vector<kept_letter> out;
  std::uint64_t bytes = 0;
  auto at = take(lmdb::cursor::open(in_, s_.requests_));
  for (auto e = take(at.first()); e && out.size() < most.letters && bytes < most.bytes; e = take(at.next())) {
    const auto& l = out.emplace_back(find(id_of(e->key)));
    bytes += sizeof l + l.what.content.size() + l.what.encoded.size() + l.what.reason.size();
    if (l.fix) bytes += l.fix->content.size() + l.fix->encoded.size();
  }
  return out;
}

std::vector<replay_item> lmdb_dead_letter_store::session::replays(const std::string& target, std::uint64_t sequence) {
  std::vector<replay_item> out;
  auto at = take(lmdb::cursor::open(in_, s_.queue_));
  const auto from = key_of(target, sequence);
  for (auto e = take(at.at_least(from.view())); e && is_of(e->key, target); e = take(at.next())) {
    auto l = find(id_of(e->value));
    if (l.fix) {
      l.what.content = std::move(l.fix->content);
      l.what.encoded = std::move(l.fix->encoded);
    }
    out.push_back({id_of(e->key).number, l.id, std::move(l.what)});
  }
  return out;
}

engine::replay_backlog lmdb_dead_letter_store::session::backlog(const std::vector<std::string>& tasks) {
  engine::replay_backlog out;
  {
    auto at = take(lmdb::cursor::open(in_, s_.requests_));
    out.has_requested = take(at.first()).has_value();
  }
  auto at = take(lmdb::cursor::open(in_, s_.queue_));
  for (const auto& task : tasks) {
    const auto e = take(at.at_least(key_of(task, counters(task).replays).view()));
    out.has_queued = out.has_queued || (e && is_of(e->key, task));
  }
  return out;
}

letter_counters lmdb_dead_letter_store::session::counters(const std::string& task) {
  const auto known = counters_.find(task);
  if (known != counters_.end()) return known->second;
  letter_counters out;
  if (const auto stored = take(in_.get(s_.counters_, as_bytes(task))); stored && stored->size() == 16) {
    out = {load_big_endian<std::uint64_t>(stored->data()), load_big_endian<std::uint64_t>(stored->data() + 8)};
  }
  return counters_[task] = out;
}

void lmdb_dead_letter_store::session::store(const std::string& task, const letter_counters& c) {
  byte_buffer value;
  store_big_endian(value.extend(8), c.letters);
  store_big_endian(value.extend(8), c.replays);
  take(in_.put(s_.counters_, as_bytes(task), value.view()));
  counters_.erase(task);
}

void lmdb_dead_letter_store::session::store_all(const counters_by_task& all) {
  for (const auto& [task, c] : all) {
    const auto was = counters(task);
    if (was.letters != c.letters || was.replays != c.replays) store(task, c);
  }
}

std::vector<std::string> lmdb_dead_letter_store::session::counted_tasks() {
  std::vector<std::string> out;
  auto at = take(lmdb::cursor::open(in_, s_.counters_));
  for (auto e = take(at.first()); e; e = take(at.next())) out.emplace_back(as_text(e->key));
  return out;
}

/// Behind all that was ever queued for the task: what is replayed may have left the queue.
std::uint64_t lmdb_dead_letter_store::session::next_sequence(const std::string& target) {
  const auto known = next_sequence_.find(target);
  if (known != next_sequence_.end()) return known->second++;
  auto next = counters(target).replays;
  auto at = take(lmdb::cursor::open(in_, s_.queue_));
  const auto beyond = key_of(target, ~std::uint64_t{0});
  auto e = take(at.at_least(beyond.view()));
  e = e ? take(at.previous()) : take(at.last());
  if (e && is_of(e->key, target)) next = std::max(next, id_of(e->key).number + 1);
  next_sequence_[target] = next + 1;
  return next;
}

}  // namespace millrace::persistence
