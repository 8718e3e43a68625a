#include "lmdb_dead_letter_store.hpp"

#include <algorithm>

#include "dead_letter_session.hpp"
#include "millrace/persistence/data_folder.hpp"
#include "lmdb_check.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::persistence {

result<std::unique_ptr<engine::dead_letter_store>> open_dead_letter_store(const std::filesystem::path& folder,
                                                                          const dead_letter_options& options) {
  auto opened = lmdb_dead_letter_store::open(folder, options);
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<engine::dead_letter_store>(std::move(opened).value());
}

result<std::unique_ptr<lmdb_dead_letter_store>> lmdb_dead_letter_store::open(const std::filesystem::path& folder,
                                                                             const dead_letter_options& options) {
  const auto place = folder / "deadletters";
  if (auto made = make_folder(place); !made) return std::move(made).error();
  if (auto checked = lmdb::check_file(place); !checked) {
    auto why = std::move(checked).error();
    why.message += "; restore it from a backup, or move the folder away to go on without these dead letters";
    return why;
  }
  lmdb::environment_options common;
  common.map_bytes = options.map_bytes;
  common.is_shared = true;
  auto env = lmdb::environment::open(place, common);
  if (!env) return std::move(env).error();
  std::unique_ptr<lmdb_dead_letter_store> store(new lmdb_dead_letter_store(std::move(env).value(), options.limits));
  try {
    store->open_databases();
    for (const auto& made : {place, folder}) take(sync_folder(made));
  } catch (failure& f) {
    return std::move(f.why);
  }
  return store;
}

void lmdb_dead_letter_store::open_databases() {
  auto begun = take(transaction::begin(env_, transaction::mode::write));
  packs_ = take(begun.open_database("packs", true));
  arrivals_ = take(begun.open_database("arrivals", true));
  marks_ = take(begun.open_database("marks", true));
  queue_ = take(begun.open_database("queue", true));
  counters_ = take(begun.open_database("counters", true));
  totals_ = take(begun.open_database("totals", true));
  requests_ = take(begun.open_database("requests", true));
  holes_ = take(begun.open_database("holes", true));
  take(std::move(begun).commit());
}

template <class F>
auto lmdb_dead_letter_store::run(transaction::mode how, F&& work) -> result<decltype(work(std::declval<session&>()))> {
  try {
    auto begun = take(transaction::begin(env_, how));
    session at{*this, begun};
    const auto finish = [&] {
      if (how != transaction::mode::write) return;
      at.finish();
      take(std::move(begun).commit());
    };
    if constexpr (std::is_void_v<decltype(work(at))>) {
      work(at);
      finish();
      return {};
    } else {
      auto out = work(at);
      finish();
      return out;
    }
  } catch (failure& f) {
    return std::move(f.why);
  }
}

result<void> lmdb_dead_letter_store::put(const std::vector<letter_pack>& packs) {
  if (packs.empty()) return {};
  if (engine::fault_point("letters.put") != engine::fault_action::proceed) {
    return fatal_error(errc::io_error, "injected failure at fault point letters.put");
  }
  return run(transaction::mode::write, [&](session& s) {
    s.reclaim();
    for (const auto& p : packs) s.add(p);
  });
}

result<void> lmdb_dead_letter_store::confirm(const counters_by_task& counters) {
  (void)engine::fault_point("letters.confirm");
  const auto changed = run(transaction::mode::read, [&](session& s) {
    return std::ranges::any_of(counters, [&](const auto& c) {
      const auto was = s.counters(c.first);
      return was.letters != c.second.letters || was.replays != c.second.replays;
    });
  });
  if (!changed) return changed.error();
  if (!*changed) return {};
  return run(transaction::mode::write, [&](session& s) { s.store_all(counters); });
}

result<void> lmdb_dead_letter_store::go_back(const counters_by_task& counters) {
  return run(transaction::mode::write, [&](session& s) {
    s.reclaim();
    auto known = s.counted_tasks();
    for (const auto& task : s.tasks()) known.push_back(task);
    for (const auto& task : known) {
      const auto at = counters.find(task);
      const auto to = at == counters.end() ? letter_counters{} : at->second;
      s.truncate(task, to.letters);
      s.store(task, to);
    }
    s.store_all(counters);
  });
}

result<void> lmdb_dead_letter_store::for_each(const std::function<bool(const kept_letter&)>& visit,
                                              const letter_id* after) {
  return run(transaction::mode::read, [&](session& s) {
    s.for_each_pack(after, [&](const pack_view& p) {
      auto all = s.letters_of(p);
      for (std::uint32_t i = 0; i < p.count; ++i) {
        const letter_id id{p.task, p.first + i};
        if (after != nullptr && id.task == after->task && id.number <= after->number) continue;
        const auto m = s.find_mark(id);
        if (m && m->is == mark::what::discarded) continue;
        if (!visit(s.kept(id, std::move(all[i]), m))) return false;
      }
      return true;
    });
  });
}

result<kept_letter> lmdb_dead_letter_store::find(const letter_id& id) {
  return run(transaction::mode::read, [&](session& s) { return s.find(id); });
}

result<letter_totals> lmdb_dead_letter_store::totals() {
  return run(transaction::mode::read, [&](session& s) { return s.totals(); });
}

result<void> lmdb_dead_letter_store::fix(const std::vector<std::pair<letter_id, letter_fix>>& fixes) {
  return run(transaction::mode::write, [&](session& s) {
    for (const auto& [id, f] : fixes) s.fix(id, f);
  });
}

result<void> lmdb_dead_letter_store::request(const std::vector<letter_id>& ids) {
  return run(transaction::mode::write, [&](session& s) {
    for (const auto& id : ids) s.request(id);
  });
}

result<void> lmdb_dead_letter_store::discard(const std::vector<letter_id>& ids) {
  return run(transaction::mode::write, [&](session& s) {
    std::set<std::vector<std::byte>> touched;
    for (const auto& id : ids) {
      s.discard(id);
      if (auto pack = s.pack_with(id)) touched.insert(std::move(*pack));
    }
    for (const auto& key : touched) s.drop_if_empty(key);
  });
}

result<std::vector<kept_letter>> lmdb_dead_letter_store::requested(const engine::replay_limit& most) {
  return run(transaction::mode::read, [&](session& s) { return s.requested(most); });
}

result<void> lmdb_dead_letter_store::queue(const std::vector<std::pair<letter_id, std::string>>& to) {
  if (to.empty()) return {};
  return run(transaction::mode::write, [&](session& s) {
    for (const auto& [id, target] : to) s.enqueue(id, target);
  });
}

result<std::vector<replay_item>> lmdb_dead_letter_store::replays(const std::string& task, std::uint64_t sequence) {
  return run(transaction::mode::read, [&](session& s) { return s.replays(task, sequence); });
}

result<engine::replay_backlog> lmdb_dead_letter_store::backlog(const std::vector<std::string>& tasks) {
  return run(transaction::mode::read, [&](session& s) { return s.backlog(tasks); });
}

}  // namespace millrace::persistence
