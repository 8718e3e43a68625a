#include "runtime/writer_actor.hpp"

#include <atomic>
#include <mutex>
#include <utility>

#include "millrace/persistence/savepoint.hpp"
#include "runtime/messages.hpp"

namespace millrace::runtime {

namespace {

number_message next_number(engine::snapshot_store& store) {
  auto epoch = store.next_epoch();
  if (!epoch) return {{}, epoch.error().message};
  return {{*epoch, store.turn(), store.wants_full(), false}, {}};
}

restored_message recover(run_shared& shared) {
  auto incarnation = shared.store->next_generation();
  if (!incarnation) return {nullptr, {}, incarnation.error().message};
  auto point = engine::load_newest_intact(*shared.store, *shared.plan, shared.options.accept_duplicates);
  if (!point) return {nullptr, *incarnation, point.error().message};
  auto replays = shared.letters->go_back(*point);
  if (!replays) return {nullptr, *incarnation, replays.error().message};
  return {std::make_shared<const engine::restore_point>(std::move(*point)),
          *incarnation,
          {},
          std::make_shared<const letter_keeper::replays>(std::move(*replays))};
}

restored_message recover_tasks(run_shared& shared, const std::vector<task_id>& tasks) {
  auto incarnation = shared.store->next_generation();
  if (!incarnation) return {nullptr, {}, incarnation.error().message};
  std::vector<std::string> names;
  for (const auto t : tasks) names.push_back(shared.plan->task_name(t));
  auto point = engine::load_tasks(*shared.store, names);
  if (!point) return {nullptr, *incarnation, point.error().message};
  return {std::make_shared<const engine::restore_point>(std::move(*point)),
          *incarnation,
          {},
          std::make_shared<const letter_keeper::replays>()};
}

written_message write(run_shared& shared, generation incarnation, std::vector<engine::task_snapshot>& parts) {
  const auto epoch = parts.front().target.epoch;
  shared.on_writing();
  const bool is_safe = shared.options.protect.letters_before_manifest;
  auto done = is_safe ? shared.letters->put(parts) : result<void>{};
  if (done) done = engine::write_snapshot(*shared.store, *shared.plan, incarnation, parts);
  if (done && !is_safe) done = shared.letters->put(parts);
  if (!done) {
    shared.on_written({});
    return {epoch, done.error().message};
  }
  shared.on_written(parts);
  shared.letters->confirm(parts);
  auto replays = std::make_shared<letter_keeper::replays>(shared.letters->dispatch());
  parts.clear();
  return {epoch, {}, shared.store->oldest_retained().value_or(epoch_id{}), std::move(replays)};
}

// More would hold ever more of the store's file as it was.
constexpr int copies_max = 16;

/// What copies of snapshots have in common.
struct copies {
  std::atomic<int> open{0};
  std::mutex disk;  // side by side they would only be in each other's way
};

void copy(run_shared& shared, const persistence::held_snapshot& from, keep_message::wish& wanted) {
  auto made = persistence::write_savepoint(wanted.folder, from, shared.time.now(), wanted.about);
  if (made) {
    wanted.answer(from.entry.epoch);
  } else {
    shared.log(log_level::error, "savepoint: " + made.error().message);
    wanted.answer(std::move(made).error());
  }
}

/// Copied on a thread of its own: recoveries and the next snapshots do not wait for it.
void keep(ordered_actor* self, run_shared& shared, const keep_message& m, const std::shared_ptr<copies>& all) {
  if (all->open == copies_max) {
    return m.wanted->answer(retryable_error(errc::limit_exceeded, "too many savepoints are being written"));
  }
  auto held = persistence::hold_snapshot(*shared.store, m.epoch);
  if (!held) {
    shared.log(log_level::error, "savepoint: " + held.error().message);
    return m.wanted->answer(std::move(held).error());
  }
  ++all->open;
  auto from = std::make_shared<persistence::held_snapshot>(*std::move(held));
  self->system().spawn<caf::detached>([=, &shared, wanted = m.wanted, from = std::move(from)]() mutable {
    {
      const std::lock_guard lock{all->disk};
      copy(shared, *from, *wanted);
    }
    from.reset();
    --all->open;
  });
}

}  // namespace

caf::behavior writer_actor(ordered_actor* self, run_shared* shared) {
  // The newest generation handed out is the one that may write.
  auto incarnation = std::make_shared<generation>();
  auto copying = std::make_shared<copies>();
  self->set_default_handler(caf::drop);
  return {
      [=](number_atom) { return next_number(*shared->store); },
      [=](recover_atom) {
        auto answer = recover(*shared);
        *incarnation = answer.incarnation;
        return answer;
      },
      [=](const recover_message& m) {
        auto answer = recover_tasks(*shared, m.tasks);
        *incarnation = answer.incarnation;
        return answer;
      },
      [=](const keep_message& m) { keep(self, *shared, m, copying); },
      [=](const write_message& m) { return write(*shared, *incarnation, *m.parts); },
  };
}

}  // namespace millrace::runtime
