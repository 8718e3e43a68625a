#include "runtime/writer_actor.hpp"

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
  return {std::make_shared<const engine::restore_point>(std::move(*point)), *incarnation, {}};
}

}  // namespace

caf::behavior writer_actor(ordered_actor* self, run_shared* shared) {
  // The newest generation handed out is the one that may write.
  auto incarnation = std::make_shared<generation>();
  self->set_default_handler(caf::drop);
  return {
      [=](number_atom) { return next_number(*shared->store); },
      [=](recover_atom) {
        auto answer = recover(*shared);
        *incarnation = answer.incarnation;
        return answer;
      },
      [=](const write_message& m) {
        const auto epoch = m.parts->front().target.epoch;
        auto done = engine::write_snapshot(*shared->store, *shared->plan, *incarnation, *m.parts);
        m.parts->clear();
        return written_message{epoch, done ? std::string{} : done.error().message,
                               shared->store->oldest_retained().value_or(epoch_id{})};
      },
  };
}

}  // namespace millrace::runtime
