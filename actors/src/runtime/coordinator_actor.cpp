#include "runtime/coordinator_actor.hpp"

#include <utility>

#include "runtime/remote/lead.hpp"
#include "runtime/remote/steering_wire.hpp"

namespace millrace::runtime {

namespace {

using self_pointer = caf::stateful_actor<coordinator_state, ordered_actor>*;
using namespace std::chrono_literals;

// Snapshots that fail one after the other, for so long: beyond both nothing gets committed any more, which a restart
// might mend. A hang or a full disk that ends before that is none of the run's end, however short its interval.
constexpr std::uint32_t failures_max = 5;
constexpr auto failing_max = std::chrono::minutes{2};
constexpr std::chrono::nanoseconds failing_last_max = 10s;
// Links have room again as fast as the other node reads.
constexpr std::chrono::nanoseconds put_off_pause = 100ms;
// The writer always answers; this only bounds the wait should the disk hang.
constexpr auto writer_timeout = std::chrono::minutes{10};
// Savepoints that wait for one snapshot. People ask for them, one by one.
constexpr std::size_t keeps_max = 16;

void tell_tasks(self_pointer self, const epoch_message& m) {
  if (!self->state.tasks.tasks) return;
  for (const auto& t : *self->state.tasks.tasks) {
    if (t) self->send(t, m);
  }
}

/// All tasks get word, because those that have none to take must not end before the others have taken theirs.
void offer_replays(self_pointer self, letter_keeper::replays& all) {
  auto& s = self->state;
  s.shared->replays_under_way = all.more;
  if (all.items.empty() && !all.more && !s.replays_under_way) return;
  s.replays_under_way = all.more;
  std::vector<replays_message> words(s.tasks.tasks->size(), {nullptr, all.more});
  for (auto& [task, items] : all.items) {
    words[task.value].items = std::make_shared<const std::vector<engine::replay_item>>(std::move(items));
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const auto& t = (*s.tasks.tasks)[i]) self->send(t, words[i]);
  }
}

void close_epoch(self_pointer self, bool is_failure) {
  auto& s = self->state;
  s.writing = false;
  s.shared->on_epoch_given_up();
  s.decide->on_abort(s.shared->time.steady_ns(), is_failure);
  for (auto& k : s.keeps) k.epoch = {};
}

void give_up_epoch(self_pointer self, const std::string& why) {
  auto& s = self->state;
  const auto open = s.decide->open();
  if (!open) return;
  close_epoch(self, !why.empty());
  tell_tasks(self, {*open, false, {}});
  if (!s.shared->steering.actors_changed_at(*open).empty()) self->send(s.supervisor, unset_atom::value, open->value);
  if (why.empty()) return;
  s.shared->on_snapshot_failure("epoch " + std::to_string(open->value) + ": " + why);
  const auto failures = s.decide->failures_in_a_row();
  const auto lasts = s.decide->failing_for(s.shared->time.steady_ns());
  // Who wants it to stop does not wait for a disk to become empty; what is not in a snapshot is done again.
  const auto most = s.decide->was_stopped() ? failing_last_max : failing_max;
  if (failures < failures_max || lasts < most) return;
  self->send(s.supervisor, give_up_atom::value,
             "no snapshot for " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(lasts).count()) +
                 " s, " + std::to_string(failures) + " failed in a row, the last with: " + why);
}

void send_barriers(self_pointer self, const engine::epoch_target& target) {
  const auto& tasks = self->state.tasks;
  for (std::size_t i = 0; i < tasks.tasks->size(); ++i) {
    if ((*tasks.is_producer)[i]) self->send((*tasks.tasks)[i], barrier_message{target});
  }
}

/// No barrier is on its way yet, so nothing has failed: the next epoch says it again.
void put_off(self_pointer self, const std::string& node) {
  auto& s = self->state;
  s.shared->steering.put_off(*s.decide->open());
  // No task has heard of it, and a word more would not get through either.
  close_epoch(self, false);
  s.decide->request(false);
  s.not_before_ns = s.shared->time.steady_ns() + put_off_pause.count();
  if (std::exchange(s.is_put_off, true)) return;
  s.shared->log(log_level::warning,
                "snapshots wait: node " + node + " cannot be told of them, its link is full or interrupted");
}

void start_epoch(self_pointer self, const number_message& m) {
  auto& s = self->state;
  s.number_asked = false;
  const auto now = s.shared->time.steady_ns();
  if (!m.error.empty()) {
    s.shared->on_snapshot_failure(m.error);
    self->send(s.supervisor, give_up_atom::value, "no epoch number can be reserved: " + m.error);
    return;
  }
  if (s.paused || s.decide->open() || s.decide->is_finished()) return;
  auto target = m.target;
  target.last = s.decide->next_is_last();
  (void)s.shared->steering.begin_epoch(target.epoch);
  for (auto& k : s.keeps) {
    if (k.epoch.value == 0) k.epoch = target.epoch;
  }
  s.shared->open_epoch(target);
  s.decide->start(target, now);
  s.started_ns = now;
  s.not_opened = s.tasks.nodes;
  // A barrier that reaches another node before this word would find nowhere to put its snapshot; and one that reaches
  // it before it knows what is set would leave its tasks behind the others.
  for (const auto& node : s.tasks.nodes) {
    if (!remote::tell_steering(*s.shared, node) || !remote::announce(*s.shared, node, target)) {
      return put_off(self, node);
    }
  }
  s.is_put_off = false;
  if (s.not_opened.empty()) send_barriers(self, target);
}

void on_opened(self_pointer self, const opened_message& m) {
  auto& s = self->state;
  if (s.decide->open() != m.epoch || s.not_opened.erase(m.node) == 0 || !s.not_opened.empty()) return;
  send_barriers(self, s.shared->target_of(m.epoch));
}

/// Somebody wants a task to stand still, and knows it: that is no snapshot that failed.
void wait_for_breakpoint(self_pointer self) {
  auto& s = self->state;
  const auto open = *s.decide->open();
  give_up_epoch(self, {});
  s.decide->request(false);
  s.shared->log(log_level::warning, "epoch " + std::to_string(open.value) +
                                        " is given up: a task stands at a breakpoint; the next snapshot follows when "
                                        "it goes on");
}

void check(self_pointer self) {
  auto& s = self->state;
  const auto now = s.shared->time.steady_ns();
  const bool stands = s.shared->watches.board().is_stopped();
  if (s.decide->overdue(now) && !s.writing) {
    if (stands) {
      wait_for_breakpoint(self);
    } else {
      give_up_epoch(self, "its barriers were under way for longer than the snapshot timeout");
    }
  }
  // Its barriers would not get past a task that stands at a breakpoint.
  if (!stands && !s.paused && !s.number_asked && now >= s.not_before_ns && s.decide->is_due(now)) {
    s.number_asked = true;
    self->request(s.writer, writer_timeout, number_atom::value).then([self](const number_message& m) {
      start_epoch(self, m);
    });
  }
}

void tick(self_pointer self) {
  check(self);
  auto& s = self->state;
  const auto interval = s.shared->plan->spec.settings.snapshot_interval;
  // Often enough to keep a short interval, seldom enough to cost nothing when idle.
  const auto pause = interval.count() == 0 ? 200ms : std::clamp<std::chrono::milliseconds>(interval / 4, 2ms, 200ms);
  self->delayed_send(self, pause, tick_atom::value);
}

/// The last snapshot is complete and everybody is there to hear of it.
void tell_if_done(self_pointer self) {
  auto& s = self->state;
  if (std::exchange(s.is_done_owed, false)) self->send(s.supervisor, done_atom::value, s.decide->was_stopped());
}

/// Those who asked for a savepoint before this epoch began get it. The writer copies it before it writes the next one.
void keep(self_pointer self, epoch_id epoch) {
  auto& s = self->state;
  for (const auto& k : s.keeps) {
    if (k.epoch == epoch) self->send(s.writer, k);
  }
  std::erase_if(s.keeps, [&](const auto& k) { return k.epoch == epoch; });
}

void on_keep(self_pointer self, const keep_message& m) {
  auto& s = self->state;
  if (s.keeps.size() == keeps_max) {
    return m.wanted->answer(retryable_error(errc::limit_exceeded, "too many savepoints are waiting for a snapshot"));
  }
  s.keeps.push_back(m);
  s.decide->request(false);
  check(self);
}

/// What is being written becomes the newest snapshot or not: a task that is rebuilt needs to know which.
void hold(self_pointer self) {
  auto& s = self->state;
  s.is_hold_wanted = s.writing;
  s.paused = true;
  if (s.writing) return;
  give_up_epoch(self, {});
  self->send(s.supervisor, held_atom::value);
}

void on_part(self_pointer self, const part_message& m) {
  auto& s = self->state;
  auto all = s.decide->on_part(std::move(*m.part));
  if (!all) return;
  s.writing = true;
  self->request(s.writer, writer_timeout,
                write_message{std::make_shared<std::vector<engine::task_snapshot>>(std::move(*all))})
      .then([self](const written_message& w) {
        auto& state = self->state;
        if (state.decide->open() != w.epoch) return;
        state.writing = false;
        if (!w.error.empty()) {
          give_up_epoch(self, w.error);
          if (state.is_hold_wanted) hold(self);
          return;
        }
        const auto now = state.shared->time.steady_ns();
        state.shared->on_snapshot(w.epoch, now - state.started_ns);
        state.decide->on_complete(now);
        keep(self, w.epoch);
        tell_tasks(self, {w.epoch, true, w.oldest_retained});
        if (w.replays) offer_replays(self, *w.replays);
        // A task that is rebuilt from the last snapshot still has its part of it to commit.
        state.is_done_owed = state.decide->is_finished();
        if (state.is_hold_wanted) return hold(self);
        tell_if_done(self);
        check(self);
      });
}

}  // namespace

caf::behavior coordinator_actor(self_pointer self, run_shared* shared, caf::actor writer, caf::actor supervisor) {
  auto& s = self->state;
  s.shared = shared;
  s.writer = std::move(writer);
  s.supervisor = std::move(supervisor);
  const auto& settings = shared->plan->spec.settings;
  s.decide = std::make_unique<engine::epoch_coordinator>(
      shared->plan->tasks.size(),
      engine::epoch_coordinator::timing{settings.snapshot_interval, settings.snapshot_timeout});
  self->set_default_handler(caf::drop);
  return {
      [self](tick_atom) { tick(self); },
      [self](const tasks_message& m) {
        self->state.tasks = m;
        self->state.paused = false;
        tell_if_done(self);
        self->state.replays_under_way = true;
        for (const auto& [task, incarnation] : m.incarnations) self->state.decide->on_task_started(task, incarnation);
      },
      [self](hold_atom) { hold(self); },
      [self](pause_atom) {
        self->state.paused = true;
        self->state.is_hold_wanted = false;
        give_up_epoch(self, {});
      },
      [self](const part_message& m) { on_part(self, m); },
      [self](const opened_message& m) { on_opened(self, m); },
      [self](const refusal_message& m) {
        if (self->state.decide->open() == m.epoch) give_up_epoch(self, m.why);
      },
      [self](ended_atom, std::uint32_t task, std::uint64_t incarnation) {
        self->state.decide->on_task_ended({task}, {incarnation});
        check(self);
      },
      [self](const keep_message& m) { on_keep(self, m); },
      [self](request_atom, bool last) {
        self->state.decide->request(last);
        check(self);
      },
  };
}

}  // namespace millrace::runtime
