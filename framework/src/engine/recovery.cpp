#include "millrace/engine/recovery.hpp"

#include <algorithm>
#include <thread>

#include "millrace/engine/partials.hpp"

namespace millrace::engine {

namespace {

byte_buffer copy_of(std::span<const std::byte> bytes) {
  byte_buffer out;
  out.append(bytes);
  return out;
}

// Tasks load on as many threads as there are processors; each reader holds a place among the readers of the store.
constexpr std::size_t readers_max = 8;

/// As many as there are tasks that may read at a time.
result<std::shared_ptr<page_source>> open_readers(snapshot_store& store, epoch_id epoch, std::size_t tasks) {
  const auto wanted =
      std::clamp<std::size_t>(std::min<std::size_t>(std::thread::hardware_concurrency(), tasks), 1, readers_max);
  std::vector<std::unique_ptr<snapshot_reader>> readers;
  while (readers.size() < wanted) {
    auto reader = store.open(epoch);
    if (!reader) return std::move(reader).error();
    readers.push_back(std::move(*reader));
  }
  return std::make_shared<page_source>(std::move(readers));
}

/// The parts of the tasks named, and nothing read of others.
result<restore_point> read_parts(snapshot_store& store, epoch_id epoch, const std::vector<std::string>& tasks) {
  auto source = open_readers(store, epoch, tasks.size());
  if (!source) return std::move(source).error();
  restore_point out;
  out.epoch = epoch;
  out.pages = std::move(*source);
  auto done = out.pages->use([&](snapshot_reader& reader) -> result<void> {
    out.environment = reader.info().environment;
    for (const auto& name : tasks) {
      auto meta = reader.meta(name);
      if (!meta) return std::move(meta).error();
      out.metas[name] = copy_of(*meta);
    }
    return {};
  });
  if (!done) return std::move(done).error();
  return out;
}

result<restore_point> load(snapshot_store& store, epoch_id epoch) {
  if (auto intact = store.verify(epoch); !intact) return std::move(intact).error();
  auto reader = store.open(epoch);
  if (!reader) return std::move(reader).error();
  return read_parts(store, epoch, (*reader)->tasks());
}

epoch_id newest_committed(const std::vector<ledger_entry>& ledger) {
  epoch_id newest{};
  for (const auto& entry : ledger) newest = std::max(newest, entry.epoch);
  return newest;
}

result<void> check_fall_back(const plan& p, epoch_id to, epoch_id committed) {
  for (const auto& t : p.tasks) {
    const auto behavior = p.instantiate(t.id);
    if (behavior->kind() != actor_kind::sink) continue;
    const auto& s = static_cast<const sink&>(*behavior);
    if (s.can_withdraw() || s.delivers() == delivery::idempotent) continue;
    return user_error(errc::corrupt,
                      "sink " + p.task_name(t.id) + " has committed epoch " + std::to_string(committed.value) +
                          ", whose snapshot is damaged; going back to epoch " + std::to_string(to.value) +
                          " would write events again. Run with --accept-duplicates if that is acceptable");
  }
  return {};
}

/// What a salted actor had collected is in tasks that an unsalted one does not have, and would be lost without a word.
result<void> check_salt(const restore_point& point, const plan& p) {
  for (std::size_t i = 0; i < p.spec.actors.size(); ++i) {
    const auto& name = p.spec.actors[i].name;
    if (!point.metas.contains(name + "/0")) continue;
    const bool was_salted =
        point.metas.contains(name + collecting_suffix + "/0") && point.metas.contains(name + gathering_suffix + "/0");
    const auto role = p.roles[i];
    if ((role == salt_role::whole && !was_salted) || (role == salt_role::merges) == was_salted) continue;
    return user_error(errc::schema_mismatch,
                      "the snapshot was taken " + std::string{was_salted ? "with" : "without"} + " a salted key at '" +
                          name + "'; " + (was_salted ? "give the router before it a salt" : "take the salt out") +
                          " again, or use a new data directory");
  }
  return {};
}

}  // namespace

page_source::page_source(std::unique_ptr<snapshot_reader> reader) {
  places_.push_back(std::make_unique<place>());
  places_.back()->reader = std::move(reader);
}

page_source::page_source(std::vector<std::unique_ptr<snapshot_reader>> readers) {
  for (auto& r : readers) {
    places_.push_back(std::make_unique<place>());
    places_.back()->reader = std::move(r);
  }
}

result<void> page_source::use(const std::function<result<void>(snapshot_reader&)>& f) {
  for (const auto& p : places_) {
    if (const std::unique_lock free{p->lock, std::try_to_lock}; free.owns_lock()) return f(*p->reader);
  }
  auto& p = *places_[next_.fetch_add(1, std::memory_order_relaxed) % places_.size()];
  const std::lock_guard wait{p.lock};
  return f(*p.reader);
}

result<task::restored> restore_point::for_task(const std::string& name) const {
  task::restored out{epoch, environment, {}, {}, {}, {}, {}};
  const auto at = metas.find(name);
  if (at == metas.end()) return out;
  out.meta = at->second.view();
  auto found = pages->use([&](snapshot_reader& reader) -> result<void> {
    auto all = reader.pieces(name);
    if (!all) return std::move(all).error();
    out.pieces = *std::move(all);
    return {};
  });
  if (!found) return std::move(found).error();
  out.read = [source = pages, name](const page_piece& piece, const snapshot_reader::page_visitor& visit) {
    return source->use([&](snapshot_reader& reader) { return reader.read(name, piece, visit); });
  };
  return out;
}

result<restore_point> load_newest_intact(snapshot_store& store, const plan& p, bool accept_duplicates) {
  auto ledger = store.ledger();
  if (!ledger) return std::move(ledger).error();
  const auto committed = newest_committed(*ledger);
  std::vector<std::string> notes;
  for (const auto& info : store.list()) {
    auto point = info.is_ok ? load(store, info.epoch) : result<restore_point>{fatal_error(errc::corrupt, info.reason)};
    if (!point) {
      if (point.error().code != errc::corrupt && point.error().code != errc::not_found) return std::move(point).error();
      notes.push_back("snapshot " + std::to_string(info.epoch.value) + " is damaged: " + point.error().message);
      continue;
    }
    if (auto same = check_salt(*point, p); !same) return std::move(same).error();
    if (point->epoch < committed) {
      if (!accept_duplicates) {
        if (auto ok = check_fall_back(p, point->epoch, committed); !ok) return std::move(ok).error();
      }
      notes.push_back("going back to epoch " + std::to_string(point->epoch.value) +
                      "; output committed after it is withdrawn");
      for (const auto& damaged : store.list()) {
        if (damaged.epoch == point->epoch) continue;
        if (auto done = store.discard(damaged.epoch); !done) return std::move(done).error();
      }
      if (auto done = store.discard(committed); !done && done.error().code != errc::not_found) {
        return std::move(done).error();
      }
    }
    point->notes = std::move(notes);
    store.resume_from(point->epoch);
    return point;
  }
  if (committed.value != 0 || !notes.empty()) {
    auto text = "no intact snapshot is left, but epoch " + std::to_string(committed.value) + " was committed";
    for (const auto& n : notes) text += "; " + n;
    return fatal_error(
        errc::corrupt,
        text + ". Restore the data directory from a backup, or start over with a new one and new output folders");
  }
  store.resume_from({});
  return restore_point{};
}

result<restore_point> load_tasks(snapshot_store& store, const std::vector<std::string>& tasks) {
  const auto known = store.list();
  if (known.empty()) return restore_point{};
  const auto& newest = known.front();
  if (!newest.is_ok) return fatal_error(errc::corrupt, newest.reason);
  return read_parts(store, newest.epoch, tasks);
}

result<void> write_snapshot(snapshot_store& store, const plan& p, generation incarnation,
                            std::vector<task_snapshot>& parts) {
  const auto epoch = parts.front().target.epoch;
  auto writer = store.begin(epoch, incarnation);
  if (!writer) return std::move(writer).error();
  ledger_entry entry{epoch, incarnation, {}, {}};
  byte_buffer encoded;
  for (auto& part : parts) {
    const auto name = p.task_name(part.task);
    for (auto& page : part.rows.pages) {
      const auto content = std::exchange(page, {page.number});
      encoded.clear();
      if (auto ok = content.encode(encoded); !ok) return ok;
      if (auto ok = (*writer)->put_page(name, page.number, encoded.view()); !ok) return ok;
      part.written_bytes += encoded.size();
    }
    if (auto ok = (*writer)->set_page_count(name, part.rows.page_count); !ok) return ok;
    if (auto ok = (*writer)->put_meta(name, part.meta.view()); !ok) return ok;
    part.written_bytes += part.meta.size();
    if (!part.prepared.empty()) {
      const auto* first = reinterpret_cast<const std::byte*>(part.prepared.data());
      entry.prepared.push_back({name, {first, first + part.prepared.size()}});
    }
    if (!part.position.empty()) entry.positions.push_back({name, part.position});
  }
  return (*writer)->commit(std::move(entry));
}

}  // namespace millrace::engine
