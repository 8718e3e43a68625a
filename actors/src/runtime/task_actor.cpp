#include "runtime/task_actor.hpp"

#include <chrono>
#include <utility>

#include "runtime/messages.hpp"

namespace millrace::runtime {

namespace {

using self_pointer = caf::stateful_actor<task_state, ordered_actor>*;

// So long may others wait because a task loads its state on the thread they need: what they take for a step, too.
constexpr std::chrono::milliseconds loading_slice{1};

void report(self_pointer self, engine::task_failure failure) {
  auto& s = self->state;
  s.link->failure = failure.what.message;
  const auto now = s.link->shared().time.steady_ns();
  self->send(s.link->supervisor(), failure_message{s.link->id(), s.incarnation, std::move(failure), now});
  s.link->stopping = true;
}

/// What a restart cannot mend (a state that no longer fits, a folder that is not ours) must not be retried.
void fail_to_begin(self_pointer self, error why) {
  auto& s = self->state;
  s.from.reset();
  s.replays.reset();
  s.link->log(log_level::error, why.message);
  const auto wanted = s.task->policy().action;
  const bool ends_run = wanted == failure_action::stop || wanted == failure_action::escalate;
  const auto action = why.kind == error_class::user ? failure_action::stop
                      : ends_run                    ? wanted
                                                    : failure_action::restart;
  report(self, {std::move(why), action});
}

void finish_beginning(self_pointer self) {
  auto& s = self->state;
  s.from.reset();
  s.replays.reset();
  s.has_begun = true;
  auto& shared = s.link->shared();
  shared.health.set(s.link->id(), health::running);
  shared.recoveries.on_loaded(s.incarnation, s.link->id(), s.task->restored_bytes());
  s.link->bell()->ring();
}

/// Loads some more of the state; then others have their turn on this thread. True: all is there.
bool load_more(self_pointer self) {
  auto& s = self->state;
  if (s.link->stopping) return false;
  auto done = s.task->go_on_restoring(loading_slice);
  if (!done) {
    fail_to_begin(self, std::move(done).error());
    return false;
  }
  if (*done) {
    finish_beginning(self);
  } else {
    self->send(self, load_atom::value);
  }
  return *done;
}

void on_query(self_pointer self, const query_message& m);

/// Until its state is there. What neighbours and the coordinator want is kept for then.
caf::behavior loading_actor(self_pointer self) {
  self->set_default_handler(caf::skip);
  return {
      [self](load_atom) {
        if (!load_more(self) && !self->state.link->stopping) return;
        self->set_default_handler(caf::drop);
        self->unbecome();
      },
      [self](run_atom) { self->state.link->bell()->lower(); },
      [self](const query_message& m) { on_query(self, m); },
  };
}

void begin(self_pointer self) {
  auto& s = self->state;
  if (s.link->stopping) return;
  auto from = s.from->for_task(s.task->name());
  if (!from) return fail_to_begin(self, std::move(from).error());
  from->reopens = s.replays->more;
  for (const auto& [task, items] : s.replays->items) {
    if (task == s.link->id()) from->replays = items;
  }
  if (auto ok = s.task->begin_restoring(*std::move(from)); !ok) return fail_to_begin(self, std::move(ok).error());
  // Who cannot be loaded has to hear that it is to close.
  if (!load_more(self) && !s.link->stopping) self->become(caf::keep_behavior, loading_actor(self));
}

/// It has done what it had done before, and nothing waits for it.
void tell_caught_up(task_state& s, engine::step_result done) {
  if (s.task->is_catching_up() || done == engine::step_result::failed) return;
  // A producer always has more to do.
  if (done == engine::step_result::again && s.task->behavior().kind() != actor_kind::producer) return;
  s.link->tells_when_caught_up = false;
  s.link->shared().recoveries.on_caught_up(s.incarnation, s.link->id());
}

void tell_emptied(task_state& s) {
  auto& all = s.link->behind;
  std::erase_if(all, [&](const auto& b) {
    auto& shared = s.link->shared();
    // What waits for credit counts as used credit.
    const auto told = shared.options.measures ? shared.known_channel_stats(b.first) : nullptr;
    if (told && told->credit_used() >= told->credit_window()) return false;
    shared.recoveries.on_emptied(b.second, shared.plan->channels[b.first.value].name);
    return true;
  });
}

void on_reconnect(self_pointer self, const reconnect_message& m) {
  auto& s = self->state;
  if (s.link->stopping) return;
  if (m.end->receiver) {
    s.task->reconnect(m.channel, std::move(m.end->receiver), m.incarnation);
  } else if (auto done = s.task->reconnect(m.channel, std::move(m.end->sender), m.incarnation, m.from); done) {
    s.link->behind.emplace_back(m.id, m.incarnation);
  } else {
    self->send(s.link->supervisor(), shortfall_message{s.link->id(), s.incarnation, done.error().message});
  }
  s.link->bell()->ring();
}

void run(self_pointer self) {
  auto& s = self->state;
  s.link->bell()->lower();
  // Peers may ring before this task is restored; what they sent waits in the channels.
  if (s.link->stopping || !s.has_begun) return;
  const auto done = s.task->step();
  if (s.link->tells_when_caught_up) tell_caught_up(s, done);
  if (!s.link->behind.empty()) tell_emptied(s);
  switch (done) {
    case engine::step_result::again:
      s.link->bell()->ring();
      break;
    case engine::step_result::idle:
      break;
    case engine::step_result::failed:
      report(self, s.task->failure());
      break;
  }
}

void on_epoch(self_pointer self, const epoch_message& m) {
  auto& s = self->state;
  if (s.link->stopping) return;
  if (!m.complete) {
    s.task->epoch_aborted(m.epoch);
  } else if (auto done = s.task->epoch_complete(m.epoch, m.oldest_retained); !done) {
    s.link->log(log_level::error, done.error().message);
    report(self, {std::move(done).error(), failure_action::restart});
  }
  s.link->bell()->ring();  // it may have waited for its letters to be in the store
}

void on_query(self_pointer self, const query_message& m) {
  auto& s = self->state;
  if (s.link->stopping || !s.has_begun) {
    m.asked->answer(retryable_error(errc::unavailable, "the task is being restored; ask again"));
    return;
  }
  try {
    m.asked->answer(s.task->query(m.asked->request));
  } catch (const std::exception& e) {
    m.asked->answer(fatal_error(errc::failed, e.what()));
  }
}

}  // namespace

void task_link::wake_at(std::int64_t steady_ns) {
  // One that is still ahead and early enough will do: whatever wakes the task, it asks again.
  if (armed_ns_ <= steady_ns && shared_.time.steady_ns() < armed_ns_) return;
  armed_ns_ = steady_ns;
  shared_.alarms.set(steady_ns, bell_);
}

void task_link::snapshot_taken(engine::task_snapshot&& part) {
  caf::anon_send(coordinator_, part_message{std::make_shared<engine::task_snapshot>(std::move(part))});
}

void task_link::snapshot_failed(epoch_id epoch, const error& why) {
  caf::anon_send(coordinator_, refusal_message{epoch, name_ + ": " + why.message});
}

void task_link::want_snapshot() {
  caf::anon_send(coordinator_, request_atom::value, false);
}

void task_link::ended() {
  caf::anon_send(coordinator_, ended_atom::value, id_.value, incarnation_.value);
}

void task_link::log(log_level level, std::string message) {
  auto line = message.rfind(name_, 0) == 0 ? std::move(message) : name_ + ": " + message;
  if (const auto trace = engine::current_trace()) line += " [trace " + engine::to_string(trace) + "]";
  shared_.log(level, line);
}

caf::behavior task_actor(self_pointer self, std::shared_ptr<task_state> parts) {
  self->state = std::move(*parts);
  self->set_default_handler(caf::drop);
  // Handlers never throw: user code is caught inside the task. Should one, the monitor sees it.
  return {
      [self](begin_atom) { begin(self); },
      [self](run_atom) { run(self); },
      [self](const barrier_message& m) {
        if (self->state.link->stopping) return;
        self->state.task->inject_barrier(m.target);
        self->state.link->bell()->ring();
      },
      [self](const epoch_message& m) { on_epoch(self, m); },
      [self](const query_message& m) { on_query(self, m); },
      [self](const reconnect_message& m) { on_reconnect(self, m); },
      [self](const parting_message& m) {
        if (self->state.link->stopping) return;
        self->state.task->part(m.channel);
        self->state.link->bell()->ring();
      },
      [self](const replays_message& m) {
        if (self->state.link->stopping) return;
        self->state.task->offer_replays(m.items ? *m.items : std::vector<engine::replay_item>{}, m.more);
        self->state.link->bell()->ring();
      },
      [self](close_atom) {
        auto& s = self->state;
        s.link->stopping = true;
        s.link->bell()->silence();
        s.task->close();
        self->quit();
      },
  };
}

}  // namespace millrace::runtime
