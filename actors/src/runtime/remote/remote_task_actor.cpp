#include "runtime/remote/remote_task_actor.hpp"

#include <utility>

#include "runtime/remote/courier_actor.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/wire.hpp"

namespace millrace::runtime::remote {

namespace {

using self_pointer = caf::stateful_actor<remote_task_state, ordered_actor>*;

template <class Message>
void pass_on(self_pointer self, const Message& m) {
  auto& s = self->state;
  auto sent = s.shared->options.where.nodes->send(s.node, to_bytes(s.shared->instance, s.incarnation, m).view());
  if (sent) return;
  // What a task must hear and does not puts it out of step with the others.
  self->send(s.supervisor, lost_message{s.node, sent.error().message});
}

}  // namespace

caf::behavior remote_task_actor(self_pointer self, remote_task_state parts) {
  self->state = std::move(parts);
  self->set_default_handler(caf::drop);
  return {
      [self](begin_atom) {
        auto& s = self->state;
        self->send(s.courier, restore_parcel{s.node, s.incarnation, s.task, s.shared->plan->task_name(s.task),
                                             std::move(s.from), std::move(s.replays), s.supervisor});
      },
      [self](const barrier_message& m) {
        pass_on(self, barrier_request{self->state.task, to_wire(m.target)});
      },
      [self](const epoch_message& m) {
        pass_on(self, epoch_over{self->state.task, m.epoch, m.complete, m.oldest_retained});
      },
      [self](const replays_message& m) {
        pass_on(self, replays_offer{self->state.task, m.items ? to_wire(*m.items) : std::vector<replay>{}, m.more});
      },
      [self](close_atom) { pass_on(self, close_request{self->state.task}); },
  };
}

}  // namespace millrace::runtime::remote
