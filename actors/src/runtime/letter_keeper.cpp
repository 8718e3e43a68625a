#include "runtime/letter_keeper.hpp"

#include <algorithm>

#include "millrace/key_group.hpp"

namespace millrace::runtime {

namespace {

engine::counters_by_task counters_of(const engine::plan& p, const std::vector<engine::task_snapshot>& parts) {
  engine::counters_by_task out;
  for (const auto& part : parts) out[p.task_name(part.task)] = part.counters;
  return out;
}

}  // namespace

result<void> letter_keeper::use(std::chrono::milliseconds timeout,
                                const std::function<result<void>(engine::dead_letter_store&)>& work) {
  const std::unique_lock lock{mutex_, timeout};
  if (lock) return work(*store_);
  return retryable_error(errc::unavailable, "dead letters are being written; ask again");
}

result<void> letter_keeper::put(const std::vector<engine::task_snapshot>& parts) {
  const std::lock_guard lock{mutex_};
  std::vector<engine::letter_pack> packs;
  for (const auto& part : parts) {
    for (const auto& l : part.letters) {
      packs.push_back({plan_->task_name(part.task), l.first, l.block});
    }
  }
  return store_->put(packs);
}

void letter_keeper::confirm(const std::vector<engine::task_snapshot>& parts) {
  const std::lock_guard lock{mutex_};
  if (auto done = store_->confirm(counters_of(*plan_, parts)); !done) {
    log_(log_level::warning, "dead letters stay 'pending' for now: " + done.error().message);
  }
}

result<letter_keeper::replays> letter_keeper::go_back(const engine::restore_point& point) {
  const std::lock_guard lock{mutex_};
  engine::counters_by_task counters;
  offered_.clear();
  for (const auto& t : plan_->tasks) {
    const auto name = plan_->task_name(t.id);
    const auto meta = point.metas.find(name);
    const auto known =
        meta == point.metas.end() ? engine::letter_counters{} : engine::letter_counters_in(meta->second.view());
    counters[name] = known;
    offered_[name] = known.replays;
  }
  if (auto done = store_->go_back(counters); !done) return done.error();
  return offer();
}

letter_keeper::replays letter_keeper::dispatch() {
  const std::lock_guard lock{mutex_};
  auto found = offer();
  if (found) return std::move(found).value();
  log_(log_level::warning, "dead letters cannot be replayed: " + found.error().message);
  return {};
}

/// One lot at a time, and the next when a complete snapshot has it: what is on its way is in memory.
result<letter_keeper::replays> letter_keeper::offer() {
  std::vector<std::string> names;
  for (const auto& t : plan_->tasks) names.push_back(plan_->task_name(t.id));
  auto waiting = store_->backlog(names);
  if (waiting && waiting->has_requested && !waiting->has_queued) {
    if (auto done = queue_requested(); !done) return done.error();
    waiting = store_->backlog(names);
  }
  if (!waiting) return waiting.error();
  replays out;
  out.more = waiting->has_requested || waiting->has_queued;
  if (!waiting->has_queued) return out;
  for (const auto& t : plan_->tasks) {
    auto& next = offered_[names[t.id.value]];
    auto items = store_->replays(names[t.id.value], next);
    if (!items) return items.error();
    if (items->empty()) continue;
    next = items->back().sequence + 1;
    out.items.emplace_back(t.id, std::move(items).value());
  }
  return out;
}

result<void> letter_keeper::queue_requested() {
  auto wanted = store_->requested({});
  if (!wanted) return wanted.error();
  std::vector<std::pair<engine::letter_id, std::string>> to;
  for (const auto& l : *wanted) {
    auto target = target_of(l);
    if (target.empty()) {
      log_(log_level::warning, "dead letter " + to_string(l.id) + " is not replayed: the topology has no actor '" +
                                   l.what.actor + "' any more");
    }
    to.emplace_back(l.id, std::move(target));
  }
  return store_->queue(to);
}

const letter_keeper::address& letter_keeper::address_of(const dead_letter& l) {
  const auto [at, is_new] = addresses_.try_emplace({l.actor, l.input});
  auto& out = at->second;
  if (!is_new) return out;
  const auto& actors = plan_->spec.actors;
  const auto spec = std::ranges::find(actors, l.actor, &actor_spec::name);
  if (spec == actors.end()) return out;
  out.is_there = true;
  out.actor = static_cast<std::uint32_t>(spec - actors.begin());
  const auto task = std::ranges::find_if(plan_->tasks, [&](const auto& t) { return t.actor == out.actor; });
  const auto behavior = plan_->instantiate(task->id);
  const auto& ports = engine::actor_access::inputs(*behavior);
  const auto port = std::ranges::find(ports, l.input, [](const auto* p) { return p->name(); });
  out.has_port = port != ports.end();
  out.port = static_cast<std::size_t>(port - ports.begin());
  return out;
}

std::string letter_keeper::target_of(const engine::kept_letter& l) {
  const auto& to = address_of(l.what);
  if (!to.is_there) return {};
  return l.what.actor + "/" + std::to_string(partition_for(l, to));
}

/// A keyed record goes to the partition that has its key, which a fix may have changed.
std::uint32_t letter_keeper::partition_for(const engine::kept_letter& l, const address& to) const {
  const auto parallelism = plan_->spec.actors[to.actor].parallelism;
  const auto same = l.what.partition % parallelism;
  if (l.what.fields.empty() || !to.has_port) return same;
  const auto& key = plan_->input_keys[to.actor][to.port];
  const auto& type = plan_->input_types[to.actor][to.port];
  if (key == nullptr || type == nullptr) return same;
  auto letter = l.what;
  if (l.fix) letter.encoded = l.fix->encoded;
  const auto record = engine::record_of(letter, *type);
  std::uint64_t hash = 0;
  if (!record || !key->hashes(**record, &hash)) return same;
  const auto groups = plan_->spec.settings.key_groups;
  return partition_of(key_group_of(hash, groups), parallelism, groups);
}

}  // namespace millrace::runtime
